"""A parsed mail and its envelope as the `InboundMessage` that the house takes in."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from zabota.core.text import clean_line
from zabota.intake.protocol import InboundMessage
from zabota.intake.returns import Report, status_in
from zabota.intake.senders import Authentication

from .authentication import author_domain
from .careful import parse_carefully
from .identity import made_id
from .parse import ParsedMail
from .results import read_results
from .settings import mail_settings

FIRST = datetime(1971, 1, 1, tzinfo=UTC)
_TOKEN = re.compile(r"^[^@]*\+([A-Za-z0-9_.=-]{16,100})@")
RETURNS = "b-"
AUTHENTICATION = "authentication"
_DAEMON = re.compile(r"(mailer-daemon|postmaster)@")


def read_inbound(
    raw: bytes, envelope: Mapping[str, Any], *, now: datetime | None = None
) -> InboundMessage:
    """Read a stored mail. `envelope` has what the SMTP session said: `mail_from`, `rcpt_to`.

    A mail without Message-ID gets one made from its bytes, so that the same bytes stay the same
    mail. A date from the future, or from before there was mail, is no date.
    """
    mail = parse_carefully(raw, envelope)
    recipients = [*envelope.get("rcpt_to", []), *mail.recipients]
    tokens = tuple(dict.fromkeys(_tokens(recipients)))
    returns = tuple(t.removeprefix(RETURNS) for t in tokens if t.startswith(RETURNS))
    report = mail.report or _unusual(mail, envelope, returns)
    speaker = _speaker(raw, mail, envelope)
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
        reply_tokens=tuple(t for t in tokens if not t.startswith(RETURNS)),
        files=mail.attachments,
        automatic=mail.auto_submitted or _has_null_sender(envelope) or report is not None,
        bounce=mail.bounce or report is not None,
        report=report,
        return_tokens=(*returns, *(report.tokens if report else ())),
        warnings=mail.warnings,
        authentication=speaker,
        details={
            **mail.contents.as_json(),
            **({"bounce": report.as_json()} if report else {}),
            **({AUTHENTICATION: speaker.as_json()} if speaker else {}),
            **_elsewhere(mail),
        },
    )


def _speaker(raw: bytes, mail: ParsedMail, envelope: Mapping[str, Any]) -> Authentication | None:
    """Who vouches for the sender: what we found when it came, or what a server we believe did."""
    if checked := envelope.get(AUTHENTICATION):
        return Authentication.from_json(checked)
    server = mail_settings().authserv_id
    return read_results(mail.results, server, author_domain(raw)) if server else None


def _elsewhere(mail: ParsedMail) -> dict[str, Any]:
    """Where the sender would like to be answered, if not where they wrote from. A proposal."""
    wanted, author = mail.reply_to, mail.sender
    if wanted is None or author is None or wanted.value.lower() == author.value:
        return {}
    return {"reply_to": [wanted.value.lower()[:320], wanted.name[:160]]}


def _has_null_sender(envelope: Mapping[str, Any]) -> bool:
    return envelope.get("mail_from") in ("", "<>")


def _unusual(
    mail: ParsedMail, envelope: Mapping[str, Any], returns: tuple[str, ...]
) -> Report | None:
    """A mail server writes to an address only for returns, in words we do not know."""
    author = mail.sender.value if mail.sender else ""
    if not (returns and _has_null_sender(envelope) and _DAEMON.match(author)):
        return None
    return Report(reason=clean_line(mail.reply_text, 300), status=status_in(mail.text))


def _sane(date: datetime | None, now: datetime) -> datetime | None:
    return date if date and FIRST <= date <= now + timedelta(days=1) else None


def _nearest_first(mail: ParsedMail) -> tuple[str, ...]:
    """A bounce speaks of one mail only; what else it refers to did arrive."""
    parents = [mail.in_reply_to] if mail.in_reply_to else []
    ids = tuple(dict.fromkeys([*mail.returned, *parents, *reversed(mail.references)]))
    return ids[:1] if mail.bounce or mail.report else ids


def _tokens(recipients: Iterable[str]) -> Iterable[str]:
    return (match[1] for address in recipients if (match := _TOKEN.match(address)))
