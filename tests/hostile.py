"""Hostile mails: each small enough to be accepted, and meant to cost a reader much more."""

import base64
import gzip
import io
import random
import struct
import zipfile
from collections.abc import Callable, Iterator

from PIL import Image

from zabota.channels.email.tests.envelopes import (
    ATTACHMENT,
    BODY,
    MESSAGE,
    PROPERTIES,
    attribute,
    part,
    winmail,
)

HEAD = b"From: Eve <eve@evil.example>\r\nSubject: s\r\n"
TNEF = 'application/ms-tnef; name="winmail.dat"'
MB = 1_000_000


def text(body: bytes, kind: bytes = b"text/plain; charset=utf-8") -> bytes:
    return HEAD + b"Content-Type: " + kind + b"\r\n\r\n" + body


def html(body: bytes) -> bytes:
    return text(body, b"text/html; charset=utf-8")


def nested(depth: int) -> bytes:
    pieces = (
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(depth)
    )
    return HEAD + b"".join(pieces) + b"\r\nwords"


def mixed(*parts: bytes, boundary: bytes = b"b") -> bytes:
    head = HEAD + b"Content-Type: multipart/mixed; boundary=" + boundary + b"\r\n\r\n"
    return head + b"".join(b"--" + boundary + b"\r\n" + one + b"\r\n" for one in parts)


def picture(size: int) -> bytes:
    out = io.BytesIO()
    Image.new("1", (size, size)).save(out, "PNG")
    return out.getvalue()


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("zeros", bytes(50 * MB))
    return out.getvalue()


def packed_rtf() -> bytes:
    """Back references all the way down, and a size of 4 GB announced."""
    data = (b"\x00" + b"{\\rtf1 a") + (b"\xff" + b"\x0c\xff" * 8) * 40_000
    return struct.pack("<IIII", len(data) + 12, 0xFFFFFFFF, 0x75465A4C, 0) + data


def winmail_with_rtf() -> bytes:
    from zabota.channels.email.tests.envelopes import RTF_COMPRESSED, properties

    found = attribute(MESSAGE, PROPERTIES, properties((RTF_COMPRESSED, packed_rtf())))
    return winmail(body=b"a") + found


def calendar(lines: bytes) -> bytes:
    return part("text/calendar", b"BEGIN:VCALENDAR\r\n" + lines)


def noise(size: int) -> bytes:
    return random.Random(5).randbytes(size)


STRUCTURE: dict[str, Callable[[], bytes]] = {
    "depth": lambda: nested(20_000),
    "parts": lambda: mixed(*[b"\r\nx"] * 100_000),
    "boundaries in lines": lambda: mixed(b"\r\n" + b"--b --b --b\n" * 100_000),
    "boundary of 30 kB": lambda: mixed(*[b"\r\nx"] * 200, boundary=b"b" * 30_000),
    "layers of letters": lambda: HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 20_000,
    "headers": lambda: HEAD + b"X-A: b\r\n" * 300_000 + b"\r\nwords",
    "a long header": lambda: HEAD + b"X-A: " + b"b" * 20 * MB + b"\r\n\r\nwords",
    "folded headers": lambda: HEAD + b"X-A: b\r\n" + b" c\r\n" * 500_000 + b"\r\nwords",
    "parameters": lambda: text(b"a", b"text/plain" + b"; a=b" * 200_000),
    "pieces of parameters": lambda: text(
        b"a", b"text/plain" + b"".join(b"; name*%d*=a" % n for n in range(50_000))
    ),
    "quoted parameters": lambda: text(b"a", b'text/plain; a="' + b'\\"' * 500_000),
    "addresses": lambda: b"To: " + b"a@b.example, " * 100_000 + b"\r\n" + text(b"a"),
    "comments": lambda: b"From: " + b"(" * 500_000 + b"\r\nTo: " + b"<" * 500_000 + b"\r\n\r\na",
    "quotes": lambda: b'From: "' + b'\\"' * 300_000 + b"\r\n\r\na",
    "references": lambda: b"References: " + b"<a@b> " * 200_000 + b"\r\n" + text(b"a"),
    "an id of a megabyte": lambda: b"Message-ID: <" + b"a" * MB + b"@b>\r\n" + text(b"a"),
    "a date of a megabyte": lambda: b"Date: " + b"1 Jan " * 200_000 + b"\r\n" + text(b"a"),
    "encoded words": lambda: b"Subject: " + b"=?utf-8?b?YQ==?= " * 100_000 + b"\r\n\r\na",
    "half encoded words": lambda: b"Subject: " + b"=?utf-8?q?" * 100_000 + b"\r\n\r\na",
    "combining marks": lambda: b"Subject: a" + "\u0301".encode() * 400_000 + b"\r\n\r\na",
    "names of files": lambda: part(
        "a/b", b"a", "Content-Disposition: attachment; filename=" + "a" * MB
    ),
}
BOMBS: dict[str, Callable[[], bytes]] = {
    "zip": lambda: part("application/zip", archive()),
    "gzip": lambda: part("application/gzip", gzip.compress(bytes(100 * MB))),
    "png": lambda: part("image/png", picture(30_000)),
    "base64 of 30 MB": lambda: part("a/b", noise(22 * MB)),
    "base64 that is none": lambda: (
        HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=A" * 5 * MB
    ),
    "soft breaks": lambda: (
        HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"a=\r\n" * 4 * MB
    ),
    "rtf in winmail": lambda: part(TNEF, winmail_with_rtf()),
    "braces in winmail": lambda: part(TNEF, winmail(rtf=b"{\\rtf1" + b"{" * 3 * MB)),
    "attributes in winmail": lambda: part(
        TNEF, winmail(body=b"a") + attribute(MESSAGE, 0x60006, b"a") * 300_000
    ),
    "attachments in winmail": lambda: part(
        TNEF, winmail() + attribute(ATTACHMENT, 0x69002, bytes(14)) * 100_000
    ),
    "counts in winmail": lambda: part(
        TNEF,
        winmail()
        + attribute(MESSAGE, PROPERTIES, struct.pack("<IHHI", 2**32 - 1, 0x101E, 9, 2**31)),
    ),
    "half a winmail": lambda: part(TNEF, winmail() + struct.pack("<BII", 1, BODY, 2**32 - 1)),
    "events": lambda: calendar(b"BEGIN:VEVENT\r\nSUMMARY:a\r\nEND:VEVENT\r\n" * 12_000),
    "events in events": lambda: calendar(b"BEGIN:VEVENT\r\n" * 30_000),
    "calendars": lambda: calendar(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n" * 12_000),
    "a line of a calendar": lambda: calendar(
        b"BEGIN:VEVENT\r\nSUMMARY" + b";A=B" * 120_000 + b":a"
    ),
    "folds of a calendar": lambda: calendar(b"BEGIN:VEVENT\r\nSUMMARY:a" + b"\r\n a" * 120_000),
    "zones of a calendar": lambda: calendar(
        b"BEGIN:VTIMEZONE\r\nTZID:a\r\nBEGIN:STANDARD\r\nDTSTART:00010101T000000\r\n"
        b"RRULE:FREQ=SECONDLY\r\nTZOFFSETFROM:+0000\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n"
        b"END:VTIMEZONE\r\nBEGIN:VEVENT\r\nDTSTART;TZID=a:20261124T100000\r\nEND:VEVENT\r\n"
        b"END:VCALENDAR\r\n"
    ),
}
CHARSETS = [
    b"zip",
    b"bz2",
    b"rot13",
    b"punycode",
    b"idna",
    b"unicode_escape",
    b"utf-7",
    b"hz",
    b"utf-16",
]
LINES: dict[str, bytes] = {
    "marks": b"> " * 200_000,
    "lines of marks": b">\n" * 190_000,
    "deep marks": b"\n".join(b">" * 4000 for _ in range(90)),
    "attributions": b"On Tue, 12 Mar 2024 at 10:00 a <a@b.example> wrote\n" * 7000,
    "half attributions": b"12.03.2024 10:00 " * 20_000,
    "colons": b"a@b.example 10:00 2024 " + b":" * 380_000,
    "labels": b"From: a\n" * 48_000,
    "signatures": b"-- \n" * 95_000,
    "greetings": "С уважением, ".encode() * 17_000,
    "dashes": b"-" * 390_000,
    "rules": b"_____\n" * 65_000,
    "spaces": b" " * 390_000 + b"x",
    "tabs and ends": b"\t \r\n" * 95_000,
    "devices": b"Sent from my " * 30_000,
    "begins": b"begin 644 a\n" * 30_000 + b"~\nend",
    "addresses in words": b"http://a" * 50_000,
}
PAGES: dict[str, bytes] = {
    "deep": b"<div>" * 80_000,
    "crossed": b"<b><i><u><table><a>" * 20_000,
    "attributes": b"<p " + b"a=b " * 100_000 + b">a",
    "a style": b'<p style="' + b"color:red;" * 39_000 + b'">a',
    "entities": b"&amp" * 99_000,
    "half tags": b"<" * 399_000,
    "comments": b"<!--" * 99_000,
    "tables": b"<table><tr><td>" * 26_000,
    "selects": b"<select><option><template>" * 15_000,
    "quotes": b"<blockquote>" * 33_000,
    "links": b'<a href="' * 44_000,
    "breaks": b"<br>" * 99_000,
    "pictures": b"<img src=cid:a>" * 26_000,
    "before pre": b"<pre>" * 40_000 + b"\n" * 190_000,
}


def hostile_mails() -> Iterator[tuple[str, bytes]]:
    """Each with its name."""
    for name, make in [*STRUCTURE.items(), *BOMBS.items()]:
        yield name, make()
    for charset in CHARSETS:
        kind = b"text/plain; charset=" + charset
        yield f"charset {charset.decode()}", text(b"x\x9c+ADw-" * 40_000, kind)
    for name, lines in LINES.items():
        yield f"words: {name}", text(lines)
        yield f"as html: {name}", html(b"<p>" + base64.b64encode(lines[:3000]) + lines)
    for name, page in PAGES.items():
        yield f"page: {name}", html(page)
