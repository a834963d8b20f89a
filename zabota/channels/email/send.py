"""Mail out: one message built and handed to the SMTP server of `ZABOTA_OUTGOING_MAIL`."""

import smtplib
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext as _

from zabota.core.environment import EnvironmentProblem, env
from zabota.intake.protocol import Address, NotConfigured, OutboundMessage, SendFailed

TIMEOUT = 30
PORTS = {"smtp": 25, "smtps": 465}
# 7 bit passes every relay; folded at 78 characters (RFC 5322 §2.1.1).
POLICY = SMTP.clone(max_line_length=78, cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Relay:
    """The server that takes our mail."""

    host: str
    port: int
    user: str
    password: str
    tls_from_start: bool


def read_relay(url: str) -> Relay | None:
    """`smtp[s]://user:pass@host:port` as a relay, None if empty. Raises `EnvironmentProblem`."""
    if not url:
        return None
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme not in PORTS or not parts.hostname:
        raise EnvironmentProblem(
            "ZABOTA_OUTGOING_MAIL must look like smtp://user:password@mail.example.com:587"
        )
    return Relay(
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls_from_start=parts.scheme == "smtps",
    )


def build_mail(message: OutboundMessage) -> EmailMessage:
    """The MIME message: RFC 5322 headers, text and HTML as alternatives, then the files."""
    mail = EmailMessage(policy=POLICY)
    mail["From"] = _header(message.sender)
    mail["To"] = _headers(message.to)
    if message.cc:
        mail["Cc"] = _headers(message.cc)
    if message.reply_to:
        mail["Reply-To"] = message.reply_to
    mail["Subject"] = " ".join(message.subject.split())
    if message.created_at:
        mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = f"<{message.external_id}>"
    _thread(mail, message)
    if message.automatic:  # RFC 3834 §5, and what Exchange looks at
        mail["Auto-Submitted"] = "auto-replied"
        mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(message.text)
    if message.html is not None:
        mail.add_alternative(_document(message.html), subtype="html")
    for file in message.files:
        kind, _slash, subtype = file.content_type.partition("/")
        safe = (kind, subtype) if kind.isalnum() and subtype else ("application", "octet-stream")
        mail.add_attachment(file.content, maintype=safe[0], subtype=safe[1], filename=file.filename)
    return mail


def _thread(mail: EmailMessage, message: OutboundMessage) -> None:
    if parent := _id(message.in_reply_to or ""):
        mail["In-Reply-To"] = parent
    if ids := [i for r in message.references if (i := _id(r))]:
        mail["References"] = " ".join(ids)


def _id(external_id: str) -> str:
    """An id in brackets, or nothing if a stranger's id is none (RFC 5322 §3.6.4)."""
    fits = external_id.isascii() and external_id.isprintable() and len(external_id) < 900
    return f"<{external_id}>" if fits and not set(external_id) & set(" <>") else ""


def _headers(addresses: Iterable[Address]) -> list[HeaderAddress]:
    return [_header(address) for address in addresses]


def _header(address: Address) -> HeaderAddress:
    name = " ".join(address.name.split())
    try:
        return HeaderAddress(name, addr_spec=address.value)
    except (ValueError, IndexError) as error:
        reason = _("The address %(address)s is not one mail can be sent to")
        raise SendFailed(reason % {"address": address.value}, retry=False) from error


def _document(html: str) -> str:
    return (
        f'<!doctype html>\n<html><head><meta charset="utf-8"></head><body>\n{html}\n</body></html>'
    )


def send_mail(message: OutboundMessage) -> None:
    """Hand one message to the relay. Raises `NotConfigured`, or `SendFailed` with the reason."""
    relay = read_relay(env.outgoing_mail)
    if relay is None:
        raise NotConfigured
    mail = build_mail(message)
    recipients = [address.value for address in (*message.to, *message.cc)]
    # An automatic answer must not be answered by a bounce (RFC 3834 §3.3).
    sender = "" if message.automatic else message.sender.value
    try:
        with _connect(relay) as server:
            server.send_message(mail, from_addr=sender, to_addrs=recipients)
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        raise _refused(code, words) from error
    except smtplib.SMTPAuthenticationError as error:
        reason = _("The mail server does not accept our name and password")
        raise SendFailed(reason, retry=True) from error
    except smtplib.SMTPResponseException as error:
        raise _refused(error.smtp_code, error.smtp_error) from error
    except (smtplib.SMTPException, OSError) as error:
        reason = _("The mail server does not answer: %(error)s") % {"error": error}
        raise SendFailed(reason, retry=True) from error


def _connect(relay: Relay) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if relay.tls_from_start:
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            relay.host, relay.port, timeout=TIMEOUT, context=context
        )
    else:
        server = smtplib.SMTP(relay.host, relay.port, timeout=TIMEOUT)
        server.ehlo_or_helo_if_needed()
        if server.has_extn("starttls"):
            server.starttls(context=context)
    if relay.user:
        server.login(relay.user, relay.password)
    return server


def _refused(code: int, words: bytes | str) -> SendFailed:
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    reason = _("The mail server refused it: %(code)d %(said)s")
    return SendFailed(reason % {"code": code, "said": " ".join(said.split())}, retry=code < 500)
