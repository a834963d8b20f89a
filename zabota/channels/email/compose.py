"""Building a mail to send: right headers, text and HTML as alternatives, then the files."""

import re
import textwrap
from collections.abc import Iterable
from email.header import Header
from email.headerregistry import BaseHeader, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from typing import Any

from zabota.core.text import clean_line
from zabota.intake.protocol import Address, OutboundFile, OutboundMessage


class _Ready(BaseHeader):
    """A header whose value is ready for the wire and is folded between words only.

    Python's own encodes any word longer than a line as if it were text, and then no program reads
    it as a Message-ID any more (Outlook's have 90 characters); and it loses spaces in names.
    """

    max_count = 1

    @classmethod
    def parse(cls, value: str, parts: dict[str, Any]) -> None:
        parts.update(decoded=value, parse_tree=None)

    def fold(self, *, policy: "Policy[Any]") -> str:
        line = textwrap.fill(
            f"{self.name}: {self}",
            width=policy.max_line_length or 78,
            subsequent_indent=" ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        return line.replace("\n", policy.linesep) + policy.linesep


_HEADERS = HeaderRegistry()
for _name in ("from", "to", "cc", "reply-to", "in-reply-to", "references", "message-id"):
    _HEADERS.map_to_type(_name, _Ready)
LOOP = "X-Loop"
_ID = re.compile(r"[!-;=?-~]{1,900}")
# 7 bit passes every relay; folded at 78 characters (RFC 5322 §2.1.1).
POLICY = SMTP.clone(max_line_length=78, cte_type="7bit", header_factory=_HEADERS)


def compose_mail(message: OutboundMessage) -> EmailMessage:
    """The whole MIME message. Raises `UnicodeError` for an address mail cannot be sent to."""
    mail = EmailMessage(policy=POLICY)
    mail["From"] = _mailbox(message.sender)
    mail["To"] = _mailboxes(message.to)
    if message.cc:
        mail["Cc"] = _mailboxes(message.cc)
    if message.reply_to:
        mail["Reply-To"] = route(message.reply_to)
    mail["Subject"] = clean_line(message.subject)
    if message.created_at:
        mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = f"<{message.external_id}>"
    _thread(mail, message)
    mail[LOOP] = route(message.sender.value)
    if message.automatic:  # RFC 3834 §5, and what Exchange looks at
        mail["Auto-Submitted"] = "auto-replied"
        mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(message.text)
    if message.html is not None:
        mail.add_alternative(_document(message.html), subtype="html")
    for file in message.files:
        _attach(mail, file)
    return mail


def _thread(mail: EmailMessage, message: OutboundMessage) -> None:
    if parent := _ids([message.in_reply_to or ""]):
        mail["In-Reply-To"] = parent
    if ancestors := _ids(message.references):
        mail["References"] = ancestors


def _ids(external_ids: Iterable[str]) -> str:
    """Ids in brackets, without those we made up ourselves (`.invalid`, RFC 2606) and those of
    strangers that cannot stand in a header (RFC 5322 §3.6.4)."""
    real = (i for i in external_ids if _ID.fullmatch(i) and not i.endswith(".invalid"))
    return " ".join(f"<{i}>" for i in real)


def _mailboxes(addresses: Iterable[Address]) -> str:
    return ", ".join(_mailbox(address) for address in addresses)


def _mailbox(address: Address) -> str:
    """`=?utf-8?b?…?= <a@example.com>`; a name in Latin letters in quotes."""
    name, email = clean_line(address.name, 200), route(address.value)
    if not name:
        return email
    if name.isascii():
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{email}>'
    return f"{Header(name, 'utf-8', maxlinelen=70).encode(linesep=' ')} <{email}>"


def route(address: str) -> str:
    """An address for the wire, its domain in ASCII. Raises `UnicodeError` if it is none."""
    local, _, domain = clean_line(address).rpartition("@")
    if not local or not domain or set(address) & set(' \t\r\n<>,;"'):
        raise UnicodeError(f"not an address: {address!r}")
    return f"{local}@{domain.encode('idna').decode()}"


def _document(html: str) -> str:
    return (
        '<!doctype html>\n<html><head><meta charset="utf-8">'
        '<meta name="color-scheme" content="light dark"></head>'
        f"<body>\n{html}\n</body></html>"
    )


def _attach(mail: EmailMessage, file: OutboundFile) -> None:
    kind, _, subtype = file.content_type.partition("/")
    if not (kind.isalnum() and subtype) or kind in ("multipart", "message"):
        kind, subtype = "application", "octet-stream"
    name = clean_line(file.filename)
    mail.add_attachment(file.content, maintype=kind, subtype=subtype, filename=name)
