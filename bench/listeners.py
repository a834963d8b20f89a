"""`python -m bench.listeners`: many open screens in one process, with raw sockets.

Reads a line of JSON, `{"port", "cookies", "count", "page", "fragments"}`, opens `count` streams and
says `ready`. At each further line it says `listening`, waits until all have heard of a change (and
have fetched `page`, if there is one, as a browser does: after a moment, over a connection of their
own that is kept), and writes the times of all of them, of the monotonic clock, as a list.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import uvloop

JITTER = 0.4  # seconds at most, as in live.js
PATIENCE = 120.0
AT_ONCE = 24
CHANGE, RESYNC, END = b"event: change", b"event: resync", b"0\r\n\r\n"


@dataclass
class Crowd:
    """All screens, and what they wait for."""

    port: int
    cookies: list[str]
    count: int
    page: str = ""
    fragments: str = ""
    times: list[float] = field(default_factory=list)
    wrong: int = 0
    all_have: asyncio.Event = field(default_factory=asyncio.Event)

    def done(self) -> None:
        self.times.append(time.monotonic())
        if len(self.times) + self.wrong == self.count:
            self.all_have.set()

    def failed(self) -> None:
        self.wrong += 1
        if len(self.times) + self.wrong == self.count:
            self.all_have.set()

    def request(self, path: str, cookie: str, extra: str = "") -> bytes:
        lines = (f"GET {path} HTTP/1.1", "Host: localhost", f"Cookie: {cookie}", extra)
        return ("\r\n".join(line for line in lines if line) + "\r\n\r\n").encode()


class Screen(asyncio.Protocol):
    """One stream; `heard` is true until it is to listen anew."""

    def __init__(self, crowd: Crowd, cookie: str) -> None:
        self.crowd, self.cookie = crowd, cookie
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.heard = True
        self.fetcher: Fetcher | None = None

    def connection_made(self, transport: Any) -> None:  # uvloop's is no `asyncio.Transport`
        transport.write(self.crowd.request("/live", self.cookie))

    def data_received(self, data: bytes) -> None:
        if not self.heard and CHANGE in data:
            self.heard = True
            if self.crowd.page:
                asyncio.get_running_loop().call_later(random.random() * JITTER, self._fetch)
            else:
                self.crowd.done()
        elif RESYNC in data and not self.open.done():
            self.open.set_result(None)

    def connection_lost(self, _exc: Exception | None) -> None:
        if not self.open.done():
            self.open.set_exception(ConnectionError("a stream was refused"))

    def _fetch(self) -> None:
        if self.fetcher and not self.fetcher.closed:
            self.fetcher.ask()
        else:
            self.fetcher = fetcher = Fetcher(self.crowd, self.cookie, self._fetch)
            loop = asyncio.get_running_loop()
            made = loop.create_connection(lambda: fetcher, "127.0.0.1", self.crowd.port)
            self.opening = loop.create_task(made)


class Fetcher(asyncio.Protocol):
    """The connection over which this screen's browser asks for fragments.

    A server may close one that was kept just as it is asked: a browser then asks over a new one.
    """

    def __init__(self, crowd: Crowd, cookie: str, ask_again: Callable[[], None]) -> None:
        self.crowd, self.cookie, self.ask_again = crowd, cookie, ask_again
        self.closed, self.was_kept = False, False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        crowd = self.crowd
        extra = f"Zabota-Fragments: {crowd.fragments}" if crowd.fragments else ""
        self.transport.write(crowd.request(crowd.page, self.cookie, extra))
        self.first, self.asking = b"", True

    def data_received(self, data: bytes) -> None:
        self.first = self.first or data[:12]
        if data.endswith(END):
            self._finish()

    def connection_lost(self, _exc: Exception | None) -> None:
        self.closed = True
        if self.asking and self.was_kept and not self.first:
            self.ask_again()
        else:
            self._finish()

    def _finish(self) -> None:
        if self.asking:
            self.asking, self.was_kept = False, True
            if self.first == b"HTTP/1.1 200":
                self.crowd.done()
            else:
                self.crowd.failed()


async def gather(crowd: Crowd) -> list[Screen]:
    """Open all streams, a few at a time."""
    loop, gate, screens = asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE), list[Screen]()

    async def one(cookie: str) -> None:
        async with gate:
            screen = Screen(crowd, cookie)
            await loop.create_connection(lambda: screen, "127.0.0.1", crowd.port)
            await asyncio.wait_for(screen.open, PATIENCE)
            screens.append(screen)

    cookies = crowd.cookies
    await asyncio.gather(*(one(cookies[n % len(cookies)]) for n in range(crowd.count)))
    return screens


async def main() -> None:
    """Until there are no more lines."""
    read = partial(asyncio.get_running_loop().run_in_executor, None, sys.stdin.readline)
    crowd = Crowd(**json.loads(await read()))
    screens = await gather(crowd)
    _say("ready")
    while await read():
        crowd.times, crowd.wrong = [], 0
        crowd.all_have.clear()
        for screen in screens:
            screen.heard = False
        _say("listening")
        try:
            await asyncio.wait_for(crowd.all_have.wait(), PATIENCE)
        except TimeoutError:
            crowd.wrong = crowd.count - len(crowd.times)
        _say({"times": crowd.times, "wrong": crowd.wrong})


def _say(what: Any) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
