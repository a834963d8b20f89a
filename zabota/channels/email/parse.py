"""Reading one mail: bytes in, `ParsedMail` out. Pure, bounded, never raises."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import chain
from typing import Any, NamedTuple

from zabota.core.html import count_remote
from zabota.intake.details import Contents
from zabota.intake.protocol import Address, InboundFile
from zabota.intake.returns import Report

from .automatic import has_looped, is_automatic, is_bounce, returned_ids
from .body import Body, read_body
from .bounces import read_report
from .headers import parse_addresses, parse_date, parse_ids
from .invitations import read_invitations
from .limits import Reading
from .mime import Part, read_parts
from .protected import find_protection
from .quotes import split_quotes
from .styles import FORWARDED_SUBJECT
from .words import decode_words

NOTHING = Contents()
# Whom the mail was really for, as the relays before us noted it.
_DELIVERY_HEADERS = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """One mail as Zabota reads it. Ids have no brackets; `references` stand in the mail's order.

    `auto_submitted`: a machine wrote it, or it wants no automatic answers. `bounce`: it says that
    another mail could not be delivered, whose id is in `returned` if it could be found, and why in
    `report`, which may also say that it is only late.
    `recipients` are all addresses it was for, in the spelling they came in: case carries tokens.
    """

    subject: str | None
    sender: Address | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    date: datetime | None
    message_id: str | None
    in_reply_to: str | None
    references: tuple[str, ...]
    text: str
    reply_text: str
    quoted_text: str
    html: str | None
    attachments: tuple[InboundFile, ...]
    auto_submitted: bool
    bounce: bool
    warnings: tuple[str, ...]
    recipients: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    report: Report | None = None
    reply_to: Address | None = None
    results: tuple[bytes, ...] = ()
    contents: Contents = NOTHING


def parse_mail(raw: bytes, *, opens: bool = True) -> ParsedMail:
    """Read a mail of any quality; what could not be read as declared is said in `warnings`.

    Unless it `opens` them, winmail.dat and calendar parts stay files: see `careful`.
    """
    reading = Reading(opens=opens)
    mail = read_parts(raw, reading)
    subject = _subject(mail, reading)
    sender, to, cc, recipients = _people(mail, reading)
    body = read_body(mail, reading)
    reply_text, quoted_text = split_quotes(body.text, forwarded=_is_forward(subject))
    email = sender.value if sender else ""
    bounce = is_bounce(mail, email, subject or "", reading)
    report = read_report(mail, body.text, reading, is_bounce=bounce)
    contents = _contents(mail, body, reading)
    machine = is_automatic(mail, email, subject or "") or has_looped(mail, recipients)
    return ParsedMail(
        subject=subject,
        sender=sender,
        to=to,
        cc=cc,
        date=parse_date(mail.header("date"), reading),
        message_id=next(iter(parse_ids([mail.header("message-id")], reading)), None),
        in_reply_to=next(iter(parse_ids([mail.header("in-reply-to")], reading)), None),
        references=tuple(parse_ids(mail.headers.get("references", []), reading)),
        text=body.text,
        reply_text=reply_text,
        quoted_text=quoted_text,
        html=body.html,
        attachments=tuple(body.files),
        auto_submitted=bounce or machine,
        bounce=bounce,
        warnings=tuple(reading.warnings),
        recipients=recipients,
        returned=tuple(returned_ids(mail, reading)) if bounce or report else (),
        report=report,
        reply_to=next(iter(parse_addresses(mail.headers.get("reply-to", []), reading)), None),
        results=tuple(mail.headers.get("authentication-results", [])[:20]),
        contents=contents,
    )


class _People(NamedTuple):
    sender: Address | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    recipients: tuple[str, ...]


def _people(mail: Part, reading: Reading) -> _People:
    """Who wrote to whom; only the recipients in the spelling they came in."""
    sender = next(iter(parse_addresses(mail.headers.get("from", []), reading)), None)
    to = parse_addresses(mail.headers.get("to", []), reading)
    cc = parse_addresses(mail.headers.get("cc", []), reading)
    noted = chain.from_iterable(mail.headers.get(name, []) for name in _DELIVERY_HEADERS)
    delivered = parse_addresses(noted, reading)
    return _People(
        _lower(sender) if sender else None,
        tuple(map(_lower, to)),
        tuple(map(_lower, cc)),
        tuple(dict.fromkeys(a.value for a in [*delivered, *to, *cc])),
    )


def _contents(mail: Part, body: Body, reading: Reading) -> Contents:
    protection = find_protection(mail, body.text)
    return Contents(
        read_invitations(body.files, reading) if reading.opens else (),
        protection.encrypted,
        protection.signed,
        count_remote(body.html or ""),
    )


def _subject(mail: Part, reading: Reading) -> str | None:
    found = mail.headers.get("subject")
    return decode_words(found[0], reading) if found else None


def _is_forward(subject: str | None) -> bool:
    return bool(FORWARDED_SUBJECT.match(subject or ""))


def _lower(address: Address) -> Address:
    return Address(address.value.lower(), address.name)


def as_json(mail: ParsedMail) -> dict[str, Any]:
    """The mail as `zabota parse mail --json` shows it: every key is always there."""
    return {
        "subject": mail.subject,
        "from_name": (mail.sender.name or None) if mail.sender else None,
        "from_email": mail.sender.value if mail.sender else None,
        "to": [address.value for address in mail.to],
        "cc": [address.value for address in mail.cc],
        "date": mail.date.isoformat() if mail.date else None,
        "message_id": mail.message_id,
        "in_reply_to": mail.in_reply_to,
        "references": list(mail.references),
        "text": mail.text,
        "reply_text": mail.reply_text,
        "quoted_text": mail.quoted_text,
        "html": mail.html,
        "attachments": [_file_as_json(file) for file in mail.attachments],
        "auto_submitted": mail.auto_submitted,
        "bounce": mail.bounce,
        "warnings": list(mail.warnings),
    }


def _file_as_json(file: InboundFile) -> dict[str, Any]:
    return {
        "filename": file.filename,
        "content_type": file.content_type,
        "size": len(file.content),
        "sha256": sha256(file.content).hexdigest(),
        "inline": file.inline,
        "content_id": file.content_id,
    }
