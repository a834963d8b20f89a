"""Streams end with the session, forget no permission, and outlive a database that is away."""

import asyncio
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
from django.db import OperationalError

from zabota.staff.models import Agent
from zabota.workspace import live

Sent = list[MutableMapping[str, Any]]
SCOPE = {"type": "http", "path": "/live", "method": "GET", "headers": []}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Agent | Exception | None]]:
    """Who is found to be signed in, one look after the other."""
    given: list[Agent | Exception | None] = []

    def find(cookies: str) -> Agent | None:
        found = given.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    async def idle(hub: live.Hub) -> None:
        return

    monkeypatch.setattr(live, "_agent_of", find)
    monkeypatch.setattr(live, "HEARTBEAT", 0.0)
    monkeypatch.setattr(live.Hub, "_listen", idle)
    monkeypatch.setattr(live, "hub", live.Hub())
    yield given
    assert not live.hub.streams


def listen() -> Sent:
    """What a reader gets that stays as long as it may."""
    sent: Sent = []

    async def receive() -> MutableMapping[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    asyncio.run(asyncio.wait_for(live.live(dict(SCOPE), receive, send), 20))
    return sent


def test_a_stream_sees_with_new_eyes_and_ends_with_the_session(
    answers: list[Agent | Exception | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = Agent(pk=7, name="before"), Agent(pk=7, name="after")
    seen = []
    write = live._write

    async def watch(data: bytes, send: live.Send) -> None:
        seen.append(live.hub.agents[7].name)
        await write(data, send)

    monkeypatch.setattr(live, "_write", watch)
    answers += [before, OperationalError("away"), after, None]
    assert listen()[0]["status"] == 200
    assert seen == ["before", "before", "after"]


def test_without_a_database_the_browser_is_told_to_come_back(
    answers: list[Agent | Exception | None],
) -> None:
    answers.append(OperationalError("away"))
    start, body = listen()
    assert (start["status"], body["body"]) == (200, b"retry: 5000\n\n")


def test_one_agent_has_only_so_many_streams(
    answers: list[Agent | Exception | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_STREAMS", 0)
    answers.append(Agent(pk=7))
    assert listen()[0]["status"] == 429


def test_the_hub_goes_on_after_a_query_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    hub, tries = live.Hub(), []
    hub.streams[7] = set()

    async def relay(connection: object) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError("the pool gave an old connection")
        del hub.streams[7]

    monkeypatch.setattr(live, "AGAIN", 0.0)
    monkeypatch.setattr(hub, "_relay", relay)
    asyncio.run(asyncio.wait_for(hub._listen(), 20))
    assert len(tries) == 2
