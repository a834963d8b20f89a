"""One folder on an IMAP server (RFC 3501), with every fault told apart.

Nothing is changed there but on demand: mails are read with BODY.PEEK, a folder that is only read
is opened with EXAMINE. Which server to go to is an administrator's word, so it may be one inside
the house's own network.
"""

import imaplib
import re
import select
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from imap_tools import (
    BaseMailBox,
    MailBox,
    MailboxFolderSelectError,
    MailBoxStartTls,
    MailBoxUnencrypted,
)
from imap_tools.utils import encode_folder

from zabota.channels.email.imap_faults import (
    REFUSALS,
    afterwards,
    refusal,
    said_by,
    said_in,
    told_apart,
)
from zabota.intake.sources import After, Security, Source, SourceTrouble, Trouble

TIMEOUT = 60.0  # seconds without a byte
KEEPALIVE = 60
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_DATE = re.compile(rb'INTERNALDATE "([^"]+)"')
SignIn = Callable[[imaplib.IMAP4], Any]


@dataclass(frozen=True, slots=True)
class Head:
    """A mail on the server, before it is fetched."""

    uid: int
    size: int
    arrived_at: datetime


@contextmanager
def open_mailbox(
    source: Source,
    sign_in: SignIn,
    *,
    timeout: float = TIMEOUT,
    started: "Callable[[Mailbox], object]" = lambda _box: None,
) -> Iterator["Mailbox"]:
    """Signed in at the source. `started` is given the box as soon as there is a connection.

    Raises `SourceTrouble` here and at every use within.
    """
    box = None
    with told_apart():
        try:
            box = Mailbox(_connect(source, timeout), source)
            started(box)
            box.sign_in(sign_in)
            yield box
        finally:
            if box:
                box.leave()


def _connect(source: Source, timeout: float) -> BaseMailBox:
    where = {"host": source.host, "port": source.port, "timeout": timeout}
    if source.security == Security.NONE:
        return MailBoxUnencrypted(**where)
    context = ssl.create_default_context()
    if source.security == Security.STARTTLS:
        return MailBoxStartTls(**where, ssl_context=context)
    return MailBox(**where, ssl_context=context)


class Mailbox:
    """One connection, and the folder that is open in it."""

    def __init__(self, box: BaseMailBox, source: Source) -> None:
        self._box, self.source = box, source
        self.client: imaplib.IMAP4 = box.client
        self.uidvalidity = self.uidnext = self.count = 0
        sock = self.client.sock
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if hasattr(socket, "TCP_KEEPIDLE"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE)

    def sign_in(self, by: SignIn) -> None:
        """Raises `SourceTrouble`."""
        try:
            by(self.client)
        except imaplib.IMAP4.abort:
            raise
        except REFUSALS as error:
            raise SourceTrouble(refusal(error), said_by(error)) from error
        # What a server can do it may say only to those it knows.
        self.client._get_capabilities()

    def open_folder(self) -> None:
        """Open the source's folder; to be read only, if nothing happens to what is taken."""
        try:
            self._box.folder.set(self.source.folder, readonly=self.source.after == After.LEAVE)
        except MailboxFolderSelectError as error:
            raise SourceTrouble(Trouble.FOLDER, self.source.folder) from error
        self.uidvalidity = self._number("UIDVALIDITY")
        self.uidnext = self._number("UIDNEXT")
        self.count = self._number("EXISTS")

    def _number(self, name: str) -> int:
        _kind, data = self.client.response(name)
        return int(data[-1]) if data and data[-1] else 0

    def leave(self) -> None:
        """Say goodbye, if anybody still listens."""
        with suppress(OSError, *REFUSALS):
            self.client.sock.settimeout(2)
            self._box.logout()
        with suppress(OSError):
            self.client.shutdown()  # a goodbye that fails closes nothing

    def cut(self) -> None:
        """From another thread: whoever waits for the server waits no more."""
        with suppress(OSError):
            self.client.sock.shutdown(socket.SHUT_RDWR)

    def can(self, what: str) -> bool:
        return what in self.client.capabilities

    def folders(self) -> tuple[str, ...]:
        """The names of all folders that can be opened."""
        found = self._box.folder.list()
        return tuple(f.name for f in found if "\\noselect" not in [x.lower() for x in f.flags])

    def uids_after(self, uid: int, since: datetime | None) -> list[int]:
        """UIDs above this one in order; of mails that arrived on the day of `since` or later."""
        # Servers count days in zones of their own.
        day = f" SINCE {_day(since - timedelta(days=1))}" if since else ""
        found = self._box.uids(f"UID {uid + 1}:*{day}", charset=None)
        return sorted(number for number in map(int, found) if number > uid)

    def heads(self, uids: Sequence[int]) -> list[Head]:
        """Size and arrival of those of these mails that are still there."""
        lines = self._fetch(uids, "(UID RFC822.SIZE INTERNALDATE)")
        heads = {head.uid: head for head in map(_head, lines) if head}  # and news of other kinds
        return [heads[uid] for uid in uids if uid in heads]

    def bodies(self, uids: Sequence[int], part: str = "") -> dict[int, bytes]:
        """The mails themselves, or their `HEADER`. Some servers leave out what they cannot read."""
        found = {}
        for line, content in _pairs(self._raw(uids, f"(UID BODY.PEEK[{part}])")):
            if match := _UID.search(line):
                found[int(match[1])] = content
        return found

    def _fetch(self, uids: Sequence[int], what: str) -> list[bytes]:
        return [one if isinstance(one, bytes) else one[0] for one in self._raw(uids, what) if one]

    def _raw(self, uids: Sequence[int], what: str) -> list[Any]:
        if not uids:
            return []
        kind, data = self.client.uid("FETCH", compact(uids), what)
        if kind != "OK":
            raise SourceTrouble(Trouble.SERVER, said_in(data))
        return data

    def put_away(self, uids: Sequence[int]) -> None:
        """Do with taken mails what the source says. Raises `SourceTrouble`."""
        if not uids or self.source.after == After.LEAVE:
            return
        with afterwards():
            match self.source.after:
                case After.SEEN:
                    self._store(uids, r"(\Seen)")
                case After.MOVE if self.can("MOVE"):
                    self._command("MOVE", uids, encode_folder(self.source.move_to))
                case After.MOVE:
                    self._command("COPY", uids, encode_folder(self.source.move_to))
                    self._delete(uids)
                case After.DELETE:
                    self._delete(uids)

    def _delete(self, uids: Sequence[int]) -> None:
        """Only these: a plain EXPUNGE takes along what others have marked, so without UIDPLUS
        (RFC 4315) they stay marked as deleted."""
        self._store(uids, r"(\Deleted)")
        if self.can("UIDPLUS"):
            self._command("EXPUNGE", uids)

    def _store(self, uids: Sequence[int], flags: str) -> None:
        self._command("STORE", uids, "+FLAGS.SILENT", flags)

    def _command(self, name: str, uids: Sequence[int], *words: Any) -> None:
        kind, data = self.client.uid(name, compact(uids), *words)
        if kind != "OK":
            raise SourceTrouble(Trouble.AFTERWARDS, said_in(data))

    def wait(self, seconds: float, wake: socket.socket) -> None:
        """IDLE (RFC 2177) until something happens here, `wake` can be read, or time is over."""
        client: Any = self.client
        tag = client._command("IDLE")
        while client._get_response() is not None:  # what it says before it idles
            if client.tagged_commands[tag]:
                raise SourceTrouble(Trouble.SERVER, said_in(client.tagged_commands.pop(tag)[1]))
        if not self._has_more() and "EXISTS" not in client.untagged_responses:
            poller = select.poll()
            poller.register(client.sock, select.POLLIN)
            poller.register(wake, select.POLLIN)
            poller.poll(seconds * 1000)
        client.untagged_responses.clear()
        client.send(b"DONE\r\n")
        self._box.consume_until_tagged_response(tag)

    def _has_more(self) -> bool:
        """Whether something was read already that `poll` does not see."""
        client: Any = self.client
        inside = vars(client)  # what imaplib reads from has had several names
        client.sock.settimeout(0)
        try:
            return bool(inside.get("_readbuf") or (inside.get("_file") or inside["file"]).peek(1))
        except OSError:
            return False
        finally:
            client.sock.settimeout(TIMEOUT)

    def look(self) -> None:
        """Let the server say what is new."""
        self.client.noop()


def compact(uids: Sequence[int]) -> str:
    """`[1, 2, 3, 7]` → `1:3,7`: lines of commands are short on some servers."""
    ranges: list[list[int]] = []
    for uid in sorted(uids):
        if ranges and ranges[-1][1] == uid - 1:
            ranges[-1][1] = uid
        else:
            ranges.append([uid, uid])
    return ",".join(str(a) if a == b else f"{a}:{b}" for a, b in ranges)


def _pairs(data: Sequence[Any]) -> Iterator[tuple[bytes, bytes]]:
    """What surrounds each literal, and the literal; the UID may stand on either side of it."""
    for place, one in enumerate(data):
        if isinstance(one, tuple):
            rest = data[place + 1] if place + 1 < len(data) else b""
            yield one[0] + (rest if isinstance(rest, bytes) else b""), one[1]


def _head(line: bytes) -> Head | None:
    uid, size, date = (pattern.search(line) for pattern in (_UID, _SIZE, _DATE))
    if not uid or not size:
        return None
    return Head(int(uid[1]), int(size[1]), _arrival(date[1] if date else b""))


def _arrival(date: bytes) -> datetime:
    """` 1-Feb-2026 09:05:00 +0300`; in doubt now, so that nothing is taken for old."""
    try:
        return datetime.strptime(date.decode().strip(), "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    except ValueError:
        return datetime.now(UTC)


def _day(at: datetime) -> str:
    """As RFC 3501 writes it, in English whatever the locale."""
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return f"{at.day:02}-{months[at.month - 1]}-{at.year}"
