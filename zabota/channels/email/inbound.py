"""A parsed mail and its envelope as the `InboundMessage` that the house takes in."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from zabota.intake.protocol import InboundMessage

from .identity import made_id
from .parse import ParsedMail, parse_mail

FIRST = datetime(1971, 1, 1, tzinfo=UTC)
_TOKEN = re.compile(r"^[^@]*\+([A-Za-z0-9_.=-]{16,100})@")


def read_inbound(
    raw: bytes, envelope: Mapping[str, Any], *, now: datetime | None = None
) -> InboundMessage:
    """Read a stored mail. `envelope` has what the SMTP session said: `mail_from`, `rcpt_to`.

    A mail without Message-ID gets one made from its bytes, so that the same bytes stay the same
    mail. A date from the future, or from before there was mail, is no date.
    """
    mail = parse_mail(raw)
    recipients = [*envelope.get("rcpt_to", []), *mail.recipients]
    return InboundMessage(
        external_id=mail.message_id or made_id(raw),
        author=mail.sender,
        subject=mail.subject or "",
        text=mail.reply_text,
        quoted_text=mail.quoted_text,
        html=mail.html,
        sent_at=_sane(mail.date, now or datetime.now(UTC)),
        to=mail.to,
        cc=mail.cc,
        references=_nearest_first(mail),
        reply_tokens=tuple(dict.fromkeys(_tokens(recipients))),
        files=mail.attachments,
        automatic=mail.auto_submitted or envelope.get("mail_from") in ("", "<>"),
        bounce=mail.bounce,
        warnings=mail.warnings,
    )


def _sane(date: datetime | None, now: datetime) -> datetime | None:
    return date if date and FIRST <= date <= now + timedelta(days=1) else None


def _nearest_first(mail: ParsedMail) -> tuple[str, ...]:
    """A bounce speaks of one mail only; what else it refers to did arrive."""
    parents = [mail.in_reply_to] if mail.in_reply_to else []
    ids = tuple(dict.fromkeys([*mail.returned, *parents, *reversed(mail.references)]))
    return ids[:1] if mail.bounce else ids


def _tokens(recipients: Iterable[str]) -> Iterable[str]:
    return (match[1] for address in recipients if (match := _TOKEN.match(address)))
