"""A line to a mail server that breaks now and then, after DATA, at a byte left to chance."""

import random
import select
import socket
import threading
from collections import Counter
from contextlib import suppress
from enum import StrEnum

HOST = "127.0.0.1"
DOT = b"\r\n.\r\n"


class Cut(StrEnum):
    """Where a connection broke."""

    IN_BODY = "in the body"
    BEFORE_REPLY = "between the dot and the 250"
    AFTER_REPLY = "after the 250"


class Cutter:
    """A proxy: `often` of the connections break, both sides, as when a cable is pulled.

    The place is any byte of those that pass after DATA, in either direction; with `only_reply` it
    is always the 250 that is swallowed.
    """

    def __init__(
        self, server: int, chance: random.Random, often: float, *, only_reply: bool = False
    ) -> None:
        self.cuts: Counter[Cut] = Counter()
        self.connections = 0
        self.length = 0  # bytes that pass after DATA if nobody cuts
        self._server, self.chance, self._often = server, chance, often
        self.only_reply = only_reply
        self._listener = socket.create_server((HOST, 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                self.connections += 1
                self._pass_on(client)

    def _pass_on(self, client: socket.socket) -> None:
        """One session after another: a worker sends one at a time."""
        with client, socket.create_connection((HOST, self._server)) as server:
            for side in client, server:
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with suppress(ConnectionError):
                _Session(self, client, server, self._place()).run()

    def _place(self) -> int | None:
        """After which byte to cut; None for not at all. The first session shows how many pass."""
        if self.length and self.chance.random() < self._often:
            return self.chance.randrange(self.length)
        return None


class _Session:
    """One connection, and the other half of it."""

    def __init__(
        self, cutter: Cutter, client: socket.socket, server: socket.socket, place: int | None
    ) -> None:
        self.cutter, self.client, self.server, self.place = cutter, client, server, place
        self.is_data = False
        self.tail = b""
        self.is_answered = False
        self.passed = 0

    def run(self) -> None:
        """Pass on what either says, to the end or to the cut."""
        while True:
            for side in select.select([self.client, self.server], [], [])[0]:
                said = side.recv(65536)
                if not said:
                    self.cutter.length = self.cutter.length or self.passed
                    return
                part = said[: self._left(side, said)]
                (self.server if side is self.client else self.client).sendall(part)
                self._note(side, part)
                if len(part) < len(said):
                    self.cutter.cuts[self._where()] += 1
                    return

    def _left(self, side: socket.socket, said: bytes) -> int:
        """How many of these bytes still pass."""
        if self.place is None or not self.is_data:
            return len(said)
        if self.cutter.only_reply:
            return 0 if side is self.server else len(said)
        return max(0, self.place - self.passed)

    def _note(self, side: socket.socket, part: bytes) -> None:
        if self.is_data:
            self.passed += len(part)
            self.is_answered |= side is self.server and part.endswith(b"\n")
            if side is self.client and not self.is_answered:
                self.tail = (self.tail + part)[-len(DOT) :]
        self.is_data |= side is self.server and part.startswith(b"354")

    def _where(self) -> Cut:
        if self.is_answered:
            return Cut.AFTER_REPLY
        return Cut.BEFORE_REPLY if self.tail == DOT else Cut.IN_BODY
