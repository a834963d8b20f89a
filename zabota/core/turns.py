"""Pages are drawn a few at a time: more threads only wait for each other, and for the database.

When something happens a thousand screens ask at once. In line half of 400 are answered by 6.8 s,
all at once by 9.6 s and with a fifth more CPU (two busy cores), and some wait for the pool until it
gives up. What somebody sends, and who asks whether we are well, goes past the line.
"""

import asyncio
from collections.abc import MutableMapping
from typing import Any
from weakref import WeakKeyDictionary

from zabota.core.bodies import Application, Message, Receive, Send

AT_ONCE = 6  # fewer than the pool has connections
PAST_THE_LINE = ("/healthz", "/readyz", "/metrics")

_lines: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def in_turn(
    application: Application, scope: MutableMapping[str, Any], receive: Receive, send: Send
) -> None:
    """Run an ASGI application when it is this request's turn, which ends as its answer begins.

    So nobody waits for those who read slowly.
    """
    if scope.get("method") not in ("GET", "HEAD") or scope["path"] in PAST_THE_LINE:
        await application(scope, receive, send)
        return
    line = _line()
    await line.acquire()
    is_my_turn = True

    def leave() -> None:
        nonlocal is_my_turn
        if is_my_turn:
            is_my_turn = False
            line.release()

    async def answer(message: Message) -> None:
        leave()
        await send(message)

    try:
        await application(scope, receive, answer)
    finally:
        leave()


def _line() -> asyncio.Semaphore:
    return _lines.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
