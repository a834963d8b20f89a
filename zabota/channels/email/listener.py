"""The built-in mail server: `250` means that the mail is on disk.

A mail to several of our addresses is one mail and goes to the first inbox named; relays that send
it once for each find it known the second time.
"""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from asgiref.sync import sync_to_async
from django.db import DatabaseError, connections

from zabota.channels.email.doors import Doors
from zabota.channels.email.identity import identify
from zabota.channels.email.inbound import AUTHENTICATION
from zabota.channels.email.peers import is_inside
from zabota.channels.email.session import Addressed, LmtpSession, MailSession, Shared, share
from zabota.channels.email.settings import mail_settings
from zabota.core.environment import EnvironmentProblem
from zabota.core.text import clean_line
from zabota.intake.actions import accept_inbound
from zabota.intake.models import Inbox
from zabota.intake.queries import find_inbox
from zabota.intake.senders import Authentication

log = logging.getLogger("zabota.mail")

MOST_RECIPIENTS = 100
STOP = 20.0  # seconds for sessions that are taking a mail in
UNKNOWN = "550 5.1.1 There is no such address here"
TOO_MANY = "452 4.5.3 Too many recipients"
LATER = "451 4.3.0 Not now, please try again later"
FULL = "452 4.3.1 Too much mail at once, please try again later"
TAKEN = "250 2.0.0 Taken in"

Make = Callable[[], asyncio.BaseProtocol]


class Intake:
    """aiosmtpd's hooks: https://aiosmtpd.aio-libs.org/en/latest/handlers.html"""

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, answers: list[str]
    ) -> list[str]:
        session.host_name = hostname
        spoken = [a for a in answers if not a.startswith("250-AUTH")]  # nobody has a name here
        return [*spoken[:1], "250-PIPELINING", *spoken[1:]]

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        assert isinstance(server, MailSession)
        if _announced(options) > server.shared.budget.left:
            return FULL
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return TOO_MANY
        if not address.isprintable():  # bytes that are no text, too
            return UNKNOWN
        try:
            inbox = await in_thread(_inbox_at, address)
        except DatabaseError:
            return LATER
        if inbox is None:
            return UNKNOWN
        assert isinstance(envelope, Addressed)
        envelope.rcpt_tos.append(address)
        envelope.inbox = envelope.inbox or inbox
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(server, MailSession)
        assert isinstance(envelope, Addressed)
        try:
            checked = await _who_speaks(server, session, envelope)
            await in_thread(take_in, session, envelope, checked)
        except Exception:
            log.exception("a mail could not be taken in; its sender keeps it and tries again")
            return LATER
        return TAKEN


def _announced(options: list[str]) -> int:
    """How large the mail will be, if its sender says so (RFC 1870)."""
    sizes = (o.upper().removeprefix("SIZE=") for o in options if o.upper().startswith("SIZE="))
    return next((int(size) for size in sizes if size.isdecimal()), 0)


async def _who_speaks(server: MailSession, session: Session, envelope: Envelope) -> dict[str, Any]:
    """What the DNS says of the sender; nothing if it is a server of our own that hands it on."""
    settings = server.shared.settings
    assert isinstance(envelope.content, bytes)
    if isinstance(server, LmtpSession) or is_inside(server.host) or not settings.asks_dns:
        return {}
    check = partial(
        _check,
        settings.dns,
        envelope.content,
        peer=server.host,
        mail_from=envelope.mail_from or "",
        helo=session.host_name or "",
    )
    loop = asyncio.get_running_loop()
    result: Authentication = await loop.run_in_executor(server.shared.checkers, check)
    return {AUTHENTICATION: result.as_json()}


def _check(dns: str, raw: bytes, **who: str) -> Authentication:
    from zabota.channels.email.authentication import authenticate
    from zabota.channels.email.lookups import Lookups

    return authenticate(raw, Lookups(dns), **who)


async def in_thread(work: Any, *args: Any) -> Any:
    """Run database work beside the event loop, with a connection of the pool for just as long."""

    def run() -> Any:
        try:
            return work(*args)
        finally:
            connections.close_all()

    return await sync_to_async(run, thread_sensitive=False)()


def _inbox_at(address: str) -> Inbox | None:
    return find_inbox("email", address)


def take_in(session: Session, envelope: Addressed, checked: dict[str, Any] | None = None) -> None:
    """Commit the mail to the ledger, with what was `checked` of its sender.

    Raises `DatabaseError`, `OSError`: then nothing was taken.
    """
    raw = envelope.content
    assert isinstance(raw, bytes)
    assert envelope.inbox is not None
    external_id, body_hash = identify(raw)
    accept_inbound(
        envelope.inbox,
        raw,
        external_id=external_id,
        body_hash=body_hash,
        envelope={
            "mail_from": clean_line(envelope.mail_from or "", 320),
            "rcpt_to": envelope.rcpt_tos,
            "peer": session.peer[0] if session.peer else "",
            "helo": clean_line(session.host_name or "", 255),
            **(checked or {}),
        },
        received_at=datetime.now(UTC),
    )


def serve(doors: Doors) -> None:
    """Take mail in until SIGTERM or SIGINT; sessions under way are finished first.

    Raises `EnvironmentProblem` if a port cannot be had or the certificate cannot be used.
    """
    asyncio.run(_serve(doors))


async def _serve(doors: Doors) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    shared = share(mail_settings())
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(door) for door in _open(doors, shared)]
        await stop.wait()
        for server in servers:
            server.close()
        await _finish(shared.sessions)


def _open(doors: Doors, shared: Shared) -> list[Any]:
    def smtp() -> MailSession:
        return MailSession(Intake(), shared)

    def lmtp() -> LmtpSession:
        return LmtpSession(Intake(), shared)

    opened = [_at_port(smtp, doors.host, doors.smtp_port, "--smtp-port")]
    if doors.lmtp_port:
        opened.append(_at_port(lmtp, doors.host, doors.lmtp_port, "--lmtp-port"))
    if doors.lmtp_socket:
        opened.append(_at_socket(lmtp, doors.lmtp_socket))
    return opened


@asynccontextmanager
async def _at_port(make: Make, host: str, port: int, option: str) -> AsyncIterator[Any]:
    try:
        server = await asyncio.get_running_loop().create_server(make, host, port)
    except OSError as error:
        raise EnvironmentProblem(
            f"cannot take mail in at {host} port {port} ({os.strerror(error.errno or 0)}):"
            f" choose another with {option}"
        ) from error
    async with server:
        yield server


@asynccontextmanager
async def _at_socket(make: Make, path: str) -> AsyncIterator[Any]:
    """A socket anybody may write to who may enter its folder: that is how it is closed to others.

    What a kill left there is taken away first.
    """
    try:
        server = await asyncio.get_running_loop().create_unix_server(make, path)
        Path(path).chmod(0o666)
    except OSError as error:
        raise EnvironmentProblem(
            f"cannot take mail in at {path} ({os.strerror(error.errno or 0)}):"
            " choose another with --lmtp-socket"
        ) from error
    try:
        async with server:
            yield server
    finally:
        with suppress(FileNotFoundError):
            Path(path).unlink()


async def _finish(sessions: set[SMTP]) -> None:
    """Let mails that are being sent to us arrive; idle sessions are closed at once."""
    until = asyncio.get_running_loop().time() + STOP
    while busy := [s for s in sessions if s.envelope and s.envelope.rcpt_tos]:
        if asyncio.get_running_loop().time() > until:
            log.warning("stopping with %d mails half sent; their senders keep them", len(busy))
            return
        await asyncio.sleep(0.05)
