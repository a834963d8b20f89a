"""One conversation with a mail server that hands mail in: SMTP (RFC 5321) or LMTP (RFC 2033).

What all of them hold in memory together is bounded, whatever each of them may send.
"""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope

from zabota.channels.email.peers import is_here
from zabota.channels.email.settings import MailSettings
from zabota.channels.email.tls import Certificate
from zabota.intake.models import Inbox

MOST_SESSIONS = 200
MOST_FROM_ONE = 50  # sessions of one address elsewhere
BLOCK = 64 * 1024
CHECKERS = 32  # they mostly wait for the DNS
IDLE = 300.0  # RFC 5321 §4.5.3.2
LONGEST_DATA = 1800.0
TOO_LARGE = "552 5.3.4 This is larger than we take"
TOO_MUCH = "451 4.3.1 Too much mail at once, please try again later"
BUSY = b"421 4.3.2 Too many sessions, please try again later\r\n"


@dataclass(slots=True)
class Budget:
    """Bytes that the mails being taken in may still hold, all sessions together."""

    left: int

    def take(self, wanted: int) -> bool:
        """Whether there was room for so many more."""
        if wanted > self.left:
            return False
        self.left -= wanted
        return True


@dataclass(slots=True)
class Shared:
    """What the sessions of one listener have in common."""

    settings: MailSettings
    budget: Budget
    certificate: Certificate | None = None
    sessions: set[SMTP] = field(default_factory=set)
    checkers: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(CHECKERS, "who-speaks")
    )


def share(settings: MailSettings) -> Shared:
    """For a new listener. Raises `EnvironmentProblem` if its certificate cannot be used."""
    certificate = Certificate(settings.certificate, settings.key) if settings.certificate else None
    return Shared(settings, Budget(settings.in_flight), certificate)


@dataclass(slots=True)
class Letter:
    """The bytes of a mail as they arrive; `refusal` says why it will not be taken."""

    budget: Budget
    limit: int
    content: bytearray = field(default_factory=bytearray)
    refusal: str = ""
    read: int = 0

    def add(self, line: bytes) -> None:
        self.read += len(line)
        if self.refusal:
            return
        if len(self.content) + len(line) > self.limit:
            self._refuse(TOO_LARGE)
        elif not self.budget.take(len(line)):
            self._refuse(TOO_MUCH)
        else:
            self.content += line

    def _refuse(self, refusal: str) -> None:
        self.refusal = refusal
        self.drop()

    def drop(self) -> None:
        """Give back what it held."""
        self.budget.left += len(self.content)
        self.content = bytearray()


class Addressed(Envelope):
    """What a session says of one mail; `inbox` is that of the first recipient taken."""

    inbox: Inbox | None = None


class MailSession(SMTP):
    """SMTP: known to the listener while it lasts, one answer for a mail."""

    # Of a line, the reader's buffer holds this much; longer lines are put together from pieces.
    line_length_limit = BLOCK
    shared: Shared

    def __init__(self, handler: Any, shared: Shared) -> None:
        self.shared = shared
        self.host = ""
        super().__init__(
            handler,
            data_size_limit=shared.settings.largest,
            enable_SMTPUTF8=True,
            decode_data=False,
            hostname=socket.gethostname(),  # asked once a session: it must not be looked up
            ident="Zabota",
            timeout=IDLE,
            tls_context=shared.certificate.context() if shared.certificate else None,
        )

    def _create_envelope(self) -> Envelope:
        return Addressed()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._original_transport is not None:  # the same session, now encrypted
            super().connection_made(transport)
            return
        peer = transport.get_extra_info("peername")
        self.host = peer[0] if isinstance(peer, tuple) else ""
        if self._is_one_too_many():
            assert isinstance(transport, asyncio.Transport)
            transport.write(BUSY)
            transport.close()
            return
        self.shared.sessions.add(self)
        super().connection_made(transport)

    def _is_one_too_many(self) -> bool:
        sessions = self.shared.sessions
        if len(sessions) >= MOST_SESSIONS:
            return True
        most = MOST_SESSIONS if is_here(self.host) else MOST_FROM_ONE
        return sum(isinstance(s, MailSession) and s.host == self.host for s in sessions) >= most

    def connection_lost(self, error: Exception | None) -> None:
        if self in self.shared.sessions:
            self.shared.sessions.discard(self)
            super().connection_lost(error)

    async def smtp_DATA(self, arg: str) -> None:
        """As the library's, but counted, in one piece of memory, and answered for LMTP too."""
        assert self.envelope is not None
        if await self.check_helo_needed():
            return
        if not self.envelope.rcpt_tos or arg:
            await self.push("501 Syntax: DATA" if arg else "503 Error: need RCPT command")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        letter = Letter(self.shared.budget, self.shared.settings.largest)
        try:
            await self._read(letter)
            answer = letter.refusal or await self._hand_over(letter)
            answers = self._answers(answer)
        finally:
            letter.drop()
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        for line in answers:
            await self.push(line)

    async def _read(self, letter: Letter) -> None:
        """Up to the lone dot, between CRLF only: what a bare LF ends is smuggled."""
        at_start, blocks = True, 0
        until = self.loop.time() + LONGEST_DATA
        while True:
            try:
                line, whole = await self._reader.readuntil(b"\r\n"), True
            except asyncio.LimitOverrunError as long:
                line, whole = await self._reader.read(long.consumed), False
            if at_start and line == b".\r\n":
                return
            letter.add(line[1:] if at_start and line.startswith(b".") else line)
            at_start = whole
            if letter.read // BLOCK > blocks and self.loop.time() < until:
                blocks = letter.read // BLOCK
                self._reset_timeout()

    async def _hand_over(self, letter: Letter) -> str:
        assert self.envelope is not None
        self.envelope.content = bytes(letter.content)
        answer: str = await self._call_handler_hook("DATA")
        return answer

    def _answers(self, answer: str) -> list[str]:
        return [answer]


class LmtpSession(MailSession, LMTP):
    """LMTP: one answer for each recipient that was taken (RFC 2033 §4.2)."""

    def _answers(self, answer: str) -> list[str]:
        assert self.envelope is not None
        return [answer for _recipient in self.envelope.rcpt_tos]
