"""Fault 6: mails that were damaged on the way. Something is always read, soon, and nothing escapes.

Three hundred in the suite, ten thousand with ZABOTA_FAULT_FULL=1; the same ones every time.
"""

import random
import time
from collections.abc import Iterator

from tests.fault import QUICK, is_full, report
from zabota.channels.email import careful
from zabota.channels.email.careful import parse_carefully
from zabota.core.text import clean_text

from .envelopes import calendar, opaque, part, winmail
from .test_payloads import PAYLOADS

pytestmark = QUICK
SECONDS = 5.0
WORDS = b"Content-Type: multipart/mixed; boundary=b|base64|quoted-printable|=?utf-8?b?|=?koi8-r?Q?"
WORDS += b"|--b|\r\n\r\n|<!--|<style>|</div>|begin 644 a|\nend|BEGIN:VEVENT|smime-type=signed-data"
WORDS += b'|\0|\xff\xfe|;filename*0*=|charset="utf-16"|x-uuencode|message/rfc822|> > >|"'


def sources() -> list[bytes]:
    inner = b"Content-Type: text/plain\r\n\r\nwords"
    made = [
        part('application/ms-tnef; name="winmail.dat"', winmail(body=b"a", files={"a.txt": b"b"})),
        part('application/ms-tnef; name="winmail.dat"', winmail(rtf=rb"{\rtf1\fromhtml1 a}")),
        part(
            "text/calendar", calendar("SUMMARY:a", "DTSTART:20261124T100000Z", "RRULE:FREQ=DAILY")
        ),
        part("application/pkcs7-mime; smime-type=signed-data", opaque(inner)),
    ]
    return [path.read_bytes() for path in PAYLOADS] + made


def flip(raw: bytes, chance: random.Random) -> bytes:
    out = bytearray(raw)
    for _ in range(chance.randrange(1, 40)):
        out[chance.randrange(len(out))] = chance.randrange(256)
    return bytes(out)


def cut(raw: bytes, chance: random.Random) -> bytes:
    return raw[: chance.randrange(len(raw))]


def lose(raw: bytes, chance: random.Random) -> bytes:
    at, length = chance.randrange(len(raw)), chance.randrange(400)
    return raw[:at] + raw[at + length :]


def repeat(raw: bytes, chance: random.Random) -> bytes:
    at, length = chance.randrange(len(raw)), chance.randrange(1, 3000)
    return raw[:at] + raw[at : at + length] * chance.choice([2, 3, 50]) + raw[at + length :]


def shuffle_parts(raw: bytes, chance: random.Random) -> bytes:
    pieces = raw.split(b"\n--")
    chance.shuffle(pieces)
    return b"\n--".join(pieces)


def shuffle_lines(raw: bytes, chance: random.Random) -> bytes:
    lines = raw.split(b"\n")
    at = chance.randrange(len(lines))
    some = lines[at : at + 30]
    chance.shuffle(some)
    return b"\n".join([*lines[:at], *some, *lines[at + 30 :]])


def double_headers(raw: bytes, chance: random.Random) -> bytes:
    head, gap, body = raw.partition(b"\r\n\r\n" if b"\r\n\r\n" in raw else b"\n\n")
    lines = head.splitlines(keepends=True)
    chance.shuffle(lines)
    return b"".join(lines * chance.choice([2, 2, 30])) + gap + body


def put_in(raw: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randrange(1, 8)):
        at = chance.randrange(len(raw) + 1)
        raw = raw[:at] + chance.choice(WORDS.split(b"|")) + raw[at:]
    return raw


def graft(raw: bytes, chance: random.Random) -> bytes:
    other = chance.choice(sources()) or b"\n"
    return raw[: chance.randrange(len(raw))] + other[chance.randrange(len(other)) :]


DAMAGE = [flip, cut, lose, repeat, shuffle_parts, shuffle_lines, double_headers, put_in, graft]


def mutations(count: int) -> Iterator[bytes]:
    whole, chance = [raw for raw in sources() if raw], random.Random(6)
    for number in range(count):
        raw = whole[number % len(whole)]
        for damage in chance.choices(DAMAGE, k=chance.choice([1, 1, 2, 3])):
            raw = damage(raw, chance) or b"\n"
        yield raw


def test_damaged_mails_are_read() -> None:
    count, longest = (10_000 if is_full() else 300), 0.0
    try:
        for raw in mutations(count):
            started = time.process_time()
            mail = parse_carefully(raw, {})
            longest = max(longest, time.process_time() - started)
            assert mail.text == clean_text(mail.text)
            assert all(f.filename and f.filename.isprintable() for f in mail.attachments)
    finally:
        careful._helper.end()
    report(6, f"{count} damaged mails read, none escaped, {longest * 1000:.0f} ms at most")
    assert longest < SECONDS
