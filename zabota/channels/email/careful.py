"""Who reads a mail: this process the ordinary ones, a confined one what may be a bomb.

Our own reading is bounded in all it does, so most mails are read here, in a millisecond or two.
What is large or odd, was being read when a worker ended, or has in it what only libraries of others
can open, goes to `core.confined`; if it takes too much there, once more with nothing opened, and
then it is refused. A mail that seemed ordinary and is not ends this process after a while: its
reading is tried again with care.
"""

import faulthandler
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from zabota.core.confined import Answer, Helper, TooMuch
from zabota.core.wire import from_wire, to_wire
from zabota.intake.protocol import InboundRefused
from zabota.intake.reasons import Reason

from .invitations import is_calendar
from .parse import ParsedMail, parse_mail
from .tnef import is_tnef

LARGE = 1024 * 1024
HEADERS = 64 * 1024
PARTS = 300
TAGS = 20_000
WORDS = 2_000
SECONDS = 2.5  # of the processor, each of two times
PATIENCE = 30.0
TRIES = "tries"  # of `intake.actions.count_try`: it was being read when a worker ended

_helper = Helper()


def parse_carefully(raw: bytes, envelope: Mapping[str, Any]) -> ParsedMail:
    """Read a mail. Raises `InboundRefused` where that takes more than it may."""
    if not is_odd(raw) and not envelope.get(TRIES):
        with _watched():
            mail = parse_mail(raw, opens=False)
        if not _wants_opening(mail):
            return mail
    try:
        return _confined(raw, opens=True)
    except TooMuch:
        pass
    try:
        return _confined(raw, opens=False)
    except TooMuch as error:
        raise InboundRefused(Reason.TAKES_TOO_MUCH.with_detail(str(error))) from None


def is_odd(raw: bytes) -> bool:
    """Whether a mail is larger or stranger than nearly all are, by measures that cost little."""
    return (
        len(raw) > LARGE
        or _header_bytes(raw) > HEADERS
        or raw.count(b"\n--") > PARTS
        or raw.count(b"<") > TAGS
        or raw.count(b"=?") > WORDS
    )


def _header_bytes(raw: bytes) -> int:
    ends = [at for at in (raw.find(b"\n\n"), raw.find(b"\n\r\n")) if at >= 0]
    return min(ends, default=len(raw))


def _wants_opening(mail: ParsedMail) -> bool:
    is_wrapped = mail.contents.signed == "smime" and not mail.text
    return is_wrapped or any(is_tnef(file) or is_calendar(file) for file in mail.attachments)


def _confined(raw: bytes, *, opens: bool) -> ParsedMail:
    answer, blobs = _helper.run(f"{__name__}:_parse", opens, [raw], seconds=SECONDS)
    try:
        return from_wire(ParsedMail, answer, blobs)
    except (TypeError, ValueError, LookupError):
        raise TooMuch("its reading gave something else") from None


def _parse(opens: bool, blobs: list[bytes]) -> Answer:
    """The far side."""
    content: list[bytes] = []
    return to_wire(parse_mail(blobs[0], opens=opens), content), content


@contextmanager
def _watched() -> Iterator[None]:
    """End this process if it does not come back: not even a signal stops a regular expression.

    An alarm nobody handles ends it; where it was is written to the log before. That costs nothing,
    a thread that watches costs each mail as much as its headers.
    """
    _say_where()
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@cache
def _say_where() -> None:
    if sys.__stderr__ is not None:
        faulthandler.register(signal.SIGALRM, file=sys.__stderr__, chain=True)
