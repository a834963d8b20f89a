"""A few pages at a time, and nobody in line behind a slow reader."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from zabota.core import turns
from zabota.core.bodies import Message, Receive, Send


class Pages:
    """Counts how many are being drawn; each waits until it may answer, then is read slowly."""

    def __init__(self) -> None:
        self.drawing = self.begun = 0
        self.may_answer, self.is_read = asyncio.Event(), asyncio.Event()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        self.drawing, self.begun = self.drawing + 1, self.begun + 1
        await self.may_answer.wait()
        self.drawing -= 1
        await send({"type": "http.response.start", "status": 200})
        await self.is_read.wait()


async def nothing() -> Message:
    raise AssertionError


async def ignore(message: Message) -> None:
    return


def ask(pages: Pages, method: str = "GET", path: str = "/") -> asyncio.Task[None]:
    scope = {"type": "http", "method": method, "path": path}
    return asyncio.create_task(turns.in_turn(pages, scope, nothing, ignore))


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_pages_wait_in_line_but_not_for_slow_readers() -> None:
    async def scene() -> None:
        pages = Pages()
        asked = [ask(pages) for _ in range(turns.AT_ONCE + 2)]
        await settle()
        assert pages.begun == turns.AT_ONCE
        pages.may_answer.set()
        await settle()
        assert pages.begun == len(asked)
        assert not any(task.done() for task in asked)
        pages.is_read.set()
        await asyncio.gather(*asked)

    asyncio.run(scene())


@pytest.mark.parametrize(("method", "path"), [("POST", "/"), ("GET", "/healthz")])
def test_what_is_sent_and_the_doctor_go_past_the_line(method: str, path: str) -> None:
    async def scene() -> None:
        pages = Pages()
        asked = [ask(pages) for _ in range(turns.AT_ONCE)]
        await settle()
        asked.append(ask(pages, method, path))
        await settle()
        assert pages.begun == turns.AT_ONCE + 1
        pages.may_answer.set()
        pages.is_read.set()
        await asyncio.gather(*asked)

    asyncio.run(scene())


def test_a_page_that_fails_leaves_the_line() -> None:
    async def fail(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        raise RuntimeError

    async def scene() -> None:
        for _ in range(turns.AT_ONCE + 1):
            with pytest.raises(RuntimeError):
                scope = {"type": "http", "method": "GET", "path": "/"}
                await asyncio.wait_for(turns.in_turn(fail, scope, nothing, ignore), 20)

    asyncio.run(scene())
