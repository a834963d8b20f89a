"""The built-in SMTP server: `250` means that the mail is on disk.

A mail to several of our addresses is one mail and goes to the first inbox named; relays that send
it once for each find it known the second time.
"""

import asyncio
import logging
import os
import signal
import socket
from datetime import UTC, datetime
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from asgiref.sync import sync_to_async
from django.db import DatabaseError, connections

from zabota.channels.email.identity import identify
from zabota.core.environment import EnvironmentProblem
from zabota.core.text import clean_line
from zabota.intake.actions import accept_inbound
from zabota.intake.models import Inbox
from zabota.intake.queries import find_inbox

log = logging.getLogger("zabota.mail")

LARGEST = 50 * 1024 * 1024
MOST_RECIPIENTS = 100
MOST_SESSIONS = 200  # each may hold a mail in memory
STOP = 20.0  # seconds for sessions that are taking a mail in
UNKNOWN = "550 5.1.1 There is no such address here"
TOO_MANY = "452 4.5.3 Too many recipients"
LATER = "451 4.3.0 Not now, please try again later"
TAKEN = "250 2.0.0 Taken in"
BUSY = b"421 4.3.2 Too many sessions, please try again later\r\n"


class Intake:
    """aiosmtpd's hooks: https://aiosmtpd.aio-libs.org/en/latest/handlers.html"""

    async def handle_RCPT(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        rcpt_options: list[str],
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
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        try:
            await in_thread(take_in, session, envelope)
        except Exception:
            log.exception("a mail could not be taken in; its sender keeps it and tries again")
            return LATER
        return TAKEN


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


def take_in(session: Session, envelope: Envelope) -> None:
    """Commit the mail to the ledger. Raises `DatabaseError`, `OSError`: then nothing was taken."""
    raw = envelope.content
    assert isinstance(raw, bytes)
    found = (_inbox_at(address) for address in envelope.rcpt_tos)
    inbox = next((i for i in found if i is not None), None)
    if inbox is None:
        raise DatabaseError("the inbox went away during the session")
    external_id, body_hash = identify(raw)
    accept_inbound(
        inbox,
        raw,
        external_id=external_id,
        body_hash=body_hash,
        envelope={
            "mail_from": clean_line(envelope.mail_from or "", 320),
            "rcpt_to": envelope.rcpt_tos,
            "peer": session.peer[0] if session.peer else "",
            "helo": clean_line(session.host_name or "", 255),
        },
        received_at=datetime.now(UTC),
    )


def serve(host: str, port: int) -> None:
    """Take mail in until SIGTERM or SIGINT; sessions under way are finished first.

    Raises `EnvironmentProblem` if the port cannot be had.
    """
    asyncio.run(_serve(host, port))


async def _serve(host: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    sessions: set[SMTP] = set()
    try:
        server = await loop.create_server(lambda: _session(sessions), host, port)
    except OSError as error:
        raise EnvironmentProblem(
            f"cannot take mail in at {host} port {port} ({os.strerror(error.errno or 0)}):"
            " choose another with --smtp-port"
        ) from error
    async with server:
        await stop.wait()
        server.close()
        await _finish(sessions)


def _session(sessions: set[SMTP]) -> SMTP:
    session = _Session(
        Intake(),
        data_size_limit=LARGEST,
        enable_SMTPUTF8=True,
        decode_data=False,
        hostname=socket.gethostname(),  # asked for once a session: it must not be looked up
        ident="Zabota",
        timeout=300,
    )
    session.among = sessions
    return session


class _Session(SMTP):
    """A session that is known to the server while it lasts."""

    # RFC 5321 allows 1,000 bytes; what is longer is sent all the same, and was written by someone.
    line_length_limit = 8 * 1024 * 1024
    among: set[SMTP]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if len(self.among) >= MOST_SESSIONS:
            assert isinstance(transport, asyncio.Transport)
            transport.write(BUSY)
            transport.close()
            return
        self.among.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self in self.among:
            self.among.discard(self)
            super().connection_lost(error)


async def _finish(sessions: set[SMTP]) -> None:
    """Let mails that are being sent to us arrive; idle sessions are closed at once."""
    until = asyncio.get_running_loop().time() + STOP
    while busy := [s for s in sessions if s.envelope and s.envelope.rcpt_tos]:
        if asyncio.get_running_loop().time() > until:
            log.warning("stopping with %d mails half sent; their senders keep them", len(busy))
            return
        await asyncio.sleep(0.05)
