"""Mails as people send them: 6.7 kB, Russian and English, half of them replies with quotes.

The same for the same arguments, so that two measurements take in the same bytes. Written by hand:
the standard library needs longer to compose a mail than the desk to take it in.
"""

import base64
import quopri
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape

from bench.phrases import PEOPLE, paragraph, subject

INBOX = "help@desk.example"
APART = 60  # a reply's parent is at least so many mails earlier
START = datetime(2026, 11, 2, 9, tzinfo=UTC)
QUOTED = {
    "ru": f"пн, 2 нояб. 2026 г. в 12:00, Поддержка <{INBOX}>:",
    "en": f"On Mon, 2 Nov 2026 at 12:00, Support <{INBOX}> wrote:",
}
SIGNED = {"ru": "С уважением,\nДана Ковалёва", "en": "Kind regards,\nDana Miles"}
STYLE = "margin:0 0 12px;font-family:Helvetica,Arial,sans-serif;font-size:14px"


@dataclass(frozen=True, slots=True)
class Parent:
    """What a reply answers: somebody's mail, by its id, and who may answer it."""

    message_id: str
    sender: str
    subject: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to send; `parent` is what it answers."""

    message_id: str
    sender: str
    subject: str
    parent: Parent | None
    raw: bytes


def make_mails(count: int, *, run: str, seeded: Sequence[Parent] = ()) -> list[Mail]:
    """`count` mails; ids and addresses have `run` in them.

    Every second mail is a reply: in turn to one of `seeded`, mails the desk has had for long, and
    to one of this run.
    """
    rng = random.Random(run)
    openers: list[Parent] = []
    mails = []
    for place in range(count):
        parent = _parent(place, openers, seeded, rng) if place % 2 else None
        mail = _make(place, run, parent, rng)
        mails.append(mail)
        if parent is None:
            openers.append(Parent(mail.message_id, mail.sender, mail.subject))
    return mails


def _parent(
    place: int, openers: Sequence[Parent], seeded: Sequence[Parent], rng: random.Random
) -> Parent | None:
    far_enough = openers[: max(0, place - APART) // 2]
    if seeded and (place % 4 == 1 or not far_enough):
        return rng.choice(seeded)
    return rng.choice(far_enough) if far_enough else None


def _make(place: int, run: str, parent: Parent | None, rng: random.Random) -> Mail:
    language = "ru" if rng.random() < 0.5 else "en"
    sender = parent.sender if parent else f"person-{run}-{place}@mail.example"
    message_id = f"{rng.getrandbits(96):024x}.{run}.{place}@mail.example"
    about = f"Re: {parent.subject}" if parent else subject(language, rng)
    headers = [
        *_trace(rng),
        f"From: {_word(rng.choice(PEOPLE[language]))} <{sender}>",
        f"To: {INBOX}",
        f"Subject: {_word(about)}",
        f"Date: {format_datetime(START + timedelta(minutes=place))}",
        f"Message-ID: <{message_id}>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/alternative; boundary="=_alternative"',
    ]
    if parent:
        headers += [
            f"In-Reply-To: <{parent.message_id}>",
            f"References: <root.{parent.message_id}>\r\n <{parent.message_id}>",
        ]
    head = "\r\n".join(headers).encode()
    raw = head + b"\r\n\r\n" + _body(language, with_quote=parent is not None, rng=rng)
    return Mail(message_id, sender, about, parent, raw)


def _trace(rng: random.Random) -> list[str]:
    """What relays leave behind: a fifth of a usual mail."""
    received = [
        f"Received: from relay{hop}.mail.example (relay{hop}.mail.example [192.0.2.{hop + 1}])\r\n"
        f"\tby mx{hop}.desk.example with ESMTPS id {rng.getrandbits(64):016x}\r\n"
        f"\tfor <{INBOX}>; Mon, 2 Nov 2026 09:00:0{hop} +0000"
        for hop in range(3)
    ]
    hashes = base64.b64encode(rng.randbytes(288)).decode()
    lines = "\r\n\t".join(hashes[at : at + 70] for at in range(0, len(hashes), 70))
    signature = (
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=mail.example; s=s1;\r\n"
        f"\th=from:to:subject:date:message-id; bh={hashes[:44]};\r\n\tb={lines}"
    )
    return [*received, signature, "X-Mailer: Apple Mail (2.3826)"]


def _word(text: str) -> str:
    """Of a header, encoded where it must be (RFC 2047), in pieces that fit."""
    if text.isascii():
        return text
    pieces = (text[at : at + 22] for at in range(0, len(text), 22))
    return "\r\n ".join(f"=?utf-8?B?{base64.b64encode(p.encode()).decode()}?=" for p in pieces)


def _body(language: str, *, with_quote: bool, rng: random.Random) -> bytes:
    said = [paragraph(language, rng, sentences=5) for _ in range(2 if with_quote else 3)]
    quoted = paragraph(language, rng, sentences=5) if with_quote else ""
    text = "\n\n".join([*said, SIGNED[language]])
    html = "".join(f'<p style="{STYLE}">{escape(t)}</p>' for t in said)
    html += f"<br>-- <br>{escape(SIGNED[language])}"
    if quoted:
        lines = [f"{line}." for line in quoted.rstrip(".").split(". ")]
        text += "\n".join(["", "", QUOTED[language], *(f"> {line}" for line in lines)])
        html += _html_quote(language, lines)
    return _part("plain", text) + _part("html", f'<div dir="ltr">{html}</div>') + LAST


def _html_quote(language: str, lines: Sequence[str]) -> str:
    inner = "".join(f'<div style="{STYLE}">{escape(line)}</div>' for line in lines)
    return (
        f'<br><div class="gmail_quote"><div class="gmail_attr">{escape(QUOTED[language])}<br></div>'
        f'<blockquote class="gmail_quote" style="margin:0 0 0 .8ex">{inner}</blockquote></div>'
    )


def _part(kind: str, text: str) -> bytes:
    data = text.replace("\n", "\r\n").encode()
    encoding = "quoted-printable" if text.isascii() else "base64"
    encode = quopri.encodestring if text.isascii() else base64.encodebytes
    encoded = encode(data).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    head = (
        f"--=_alternative\r\nContent-Type: text/{kind}; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return head.encode() + encoded + b"\r\n"


LAST = b"--=_alternative--\r\n"
