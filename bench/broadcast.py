"""`python -m bench.broadcast PORT CONNINFO`: the same server, and nothing but a broadcast.

uvicorn as the product runs it; `/live` tells every stream what PostgreSQL notifies of, without
asking who anybody is or what they may see. Everything else is the product's, and the bare view.
"""

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import psycopg

CHANNEL = "bench_broadcast"
WORD = b'event: change\ndata: {"tickets": [1000]}\n\n'
HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Broadcast:
    """An ASGI application."""

    def __init__(self, conninfo: str) -> None:
        self.conninfo = conninfo
        self.streams: set[asyncio.Queue[bytes]] = set()
        self.listening: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/live":
            from zabota.asgi import application

            await application(scope, receive, send)
            return
        if self.listening is None:
            self.listening = asyncio.create_task(self._listen())
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        stream: asyncio.Queue[bytes] = asyncio.Queue()
        self.streams.add(stream)
        telling = asyncio.create_task(self._tell(stream, send))
        while (await receive())["type"] != "http.disconnect":
            pass
        telling.cancel()
        self.streams.discard(stream)

    async def _tell(self, stream: asyncio.Queue[bytes], send: Send) -> None:
        word = b"event: resync\ndata: {}\n\n"
        while True:
            await send({"type": "http.response.body", "body": word, "more_body": True})
            word = await stream.get()

    async def _listen(self) -> None:
        connect = psycopg.AsyncConnection.connect(self.conninfo, autocommit=True)
        async with await connect as connection:
            await connection.execute(f"LISTEN {CHANNEL}".encode())
            async for _notice in connection.notifies():
                for stream in self.streams:
                    stream.put_nowait(WORD)


def main(port: str, conninfo: str) -> None:
    """Serve until the process is stopped."""
    import uvicorn

    listener = socket.create_server(("127.0.0.1", int(port)), backlog=2048)
    config = uvicorn.Config(
        Broadcast(conninfo),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
