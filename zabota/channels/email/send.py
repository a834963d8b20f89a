"""Mail out: one message handed to the SMTP server of `ZABOTA_OUTGOING_MAIL`."""

import logging
import smtplib
import ssl
from contextlib import closing, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext as _

from zabota.core.environment import EnvironmentProblem, env
from zabota.intake.protocol import NotConfigured, OutboundMessage, SendFailed

from .compose import compose_mail, route
from .inbound import RETURNS
from .signing import sign

log = logging.getLogger("zabota.mail")

TIMEOUT = 30
# Who gives up after the dot sends twice (RFC 1047; RFC 5321 §4.5.3.2.6). Shorter than a lease.
PATIENCE = 180
LONGEST_LOCAL = 64  # octets, RFC 5321 §4.5.3.1.1
PORTS = {"smtp": 25, "smtps": 465}


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
        port = 0
    if parts.scheme not in PORTS or not parts.hostname or port == 0:
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


def send_mail(message: OutboundMessage) -> None:
    """Hand one message to the relay. Raises `NotConfigured`, or `SendFailed` with the reason."""
    relay = read_relay(env.outgoing_mail)
    if relay is None:
        raise NotConfigured
    mail, recipients = _composed(message)
    signed = _signed(mail, message)
    try:
        with closing(_connect(relay)) as server:
            refused = _hand_over(server, message, signed, recipients)
            _say_goodbye(server)
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
    if refused:  # others have it: to send it again would be worse
        log.warning("%s was not taken for %d of them", message.external_id, len(refused))


def _say_goodbye(server: smtplib.SMTP) -> None:
    """Whatever it says to that, or if it is gone: it has the mail."""
    with suppress(smtplib.SMTPException, OSError):
        server.quit()


def _hand_over(
    server: smtplib.SMTP, message: OutboundMessage, mail: bytes, recipients: list[str]
) -> dict[str, tuple[int, bytes]]:
    """Send it so that a return says which one it was; some servers let us have no such address."""
    assert server.sock
    server.sock.settimeout(PATIENCE)
    way_back = return_path(message)
    dsn = server.has_extn("dsn") and not message.automatic
    wanted = [f"ENVID={message.return_token}", "RET=HDRS"] if dsn and message.return_token else []
    notify = ["NOTIFY=FAILURE,DELAY"] if dsn else []
    try:
        return server.sendmail(way_back, recipients, mail, wanted, notify)
    except smtplib.SMTPSenderRefused as error:
        plain = route(message.sender.value)
        if way_back in ("", plain) or error.smtp_code < 500:
            raise
    return server.sendmail(plain, recipients, mail, wanted, notify)


def return_path(message: OutboundMessage) -> str:
    """Where returns go: signed for this delivery (VERP), `support+b-TOKEN@example.com`.

    An automatic answer has none: it must not be answered by a bounce (RFC 3834 §3.3).
    """
    if message.automatic:
        return ""
    plain = route(message.sender.value)
    local, _at, domain = plain.rpartition("@")
    signed = f"{local}+{RETURNS}{message.return_token}"
    fits = message.return_token and len(signed) <= LONGEST_LOCAL
    return f"{signed}@{domain}" if fits else plain


def _composed(message: OutboundMessage) -> tuple[EmailMessage, list[str]]:
    try:
        recipients = [route(address.value) for address in (*message.to, *message.cc)]
        return compose_mail(message), recipients
    except UnicodeError as error:
        reason = _("This is not an address mail can be sent to: %(addresses)s")
        addresses = ", ".join(address.value for address in (*message.to, *message.cc))
        raise SendFailed(reason % {"addresses": addresses}, retry=False) from error


def _signed(mail: EmailMessage, message: OutboundMessage) -> bytes:
    try:
        return sign(mail.as_bytes(), route(message.sender.value).rpartition("@")[2].lower())
    except EnvironmentProblem as problem:
        raise SendFailed(str(problem), retry=True) from problem


def _connect(relay: Relay) -> smtplib.SMTP:
    if relay.tls_from_start:
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            relay.host, relay.port, timeout=TIMEOUT, context=_trusting()
        )
    else:
        server = smtplib.SMTP(relay.host, relay.port, timeout=TIMEOUT)
    try:
        server.ehlo_or_helo_if_needed()
        if not relay.tls_from_start and server.has_extn("starttls"):
            server.starttls(context=_anybody() if _is_here(relay.host) else _trusting())
        if relay.user and not isinstance(server.sock, ssl.SSLSocket) and not _is_here(relay.host):
            reason = _("The mail server offers no encryption; our password is not sent in clear")
            raise SendFailed(reason, retry=True)
        if relay.user:
            server.login(relay.user, relay.password)
    except (smtplib.SMTPException, OSError, SendFailed):
        server.close()
        raise
    return server


def _trusting() -> ssl.SSLContext:
    """The machine's authorities; reading them takes longer than handing a mail over."""
    return ssl.create_default_context()


def _anybody() -> ssl.SSLContext:
    """For this machine alone: a Postfix as it is installed has a certificate of its own making."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _is_here(host: str) -> bool:
    """Whether it is this machine, where nobody listens between."""
    return host in ("localhost", "127.0.0.1", "::1")


def _refused(code: int, words: bytes | str) -> SendFailed:
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return SendFailed(f"{code} {' '.join(said.split())}", retry=code < 500)
