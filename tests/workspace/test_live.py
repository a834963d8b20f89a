"""Streams end with the session, forget no permission, and outlive a database that is away."""

import asyncio
from collections.abc import Iterator, MutableMapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import OperationalError

from tests.cast import Cast
from tests.workspace.conftest import Desk
from zabota.core import clock
from zabota.staff.models import Agent, Role
from zabota.workspace import live

Sent = list[MutableMapping[str, Any]]
Look = tuple[set[str], dict[int, Agent]]
COOKIE = (b"cookie", b"zabota_session=evening")
SCOPE = {"type": "http", "path": "/live", "method": "GET", "headers": [COOKIE]}


def somebody(*, password: str = "one", teams: Sequence[int] = ()) -> Agent:
    agent = Agent(pk=7, password=password, role=Role(permissions={"ticket.view": "team"}))
    agent.loaded_team_ids = list(teams)  # type: ignore[attr-defined]
    return agent


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Agent | Exception | None]]:
    """Who is found to be signed in, one look after the other."""
    given: list[Agent | Exception | None] = []

    def find(session: str) -> Agent | None:
        assert session == "evening"
        found = given.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    async def idle(hub: live.Hub) -> None:
        return

    monkeypatch.setattr(live, "_agent_of", find)
    monkeypatch.setattr(live, "LOOK", 0.0)
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
    before, after = somebody(teams=[1]), somebody(teams=[1, 2])
    looks: list[Look | Exception] = [
        OperationalError("away"),
        (set(), {7: after}),
        ({"evening"}, {7: after}),
    ]
    seen = []

    def look(sessions: list[str], ids: list[int]) -> Look:
        assert (sessions, ids) == (["evening"], [7])
        seen.append(live.hub.readers[7].eyes.team_ids)
        found = looks.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(live, "_still_here", look)
    answers.append(before)
    assert listen()[0]["status"] == 200
    assert seen == [(1,), (1,), (1, 2)]


@pytest.mark.parametrize("now", [{}, {7: "another"}])
def test_a_stream_ends_with_its_agent_and_their_password(
    now: dict[int, str], answers: list[Agent | Exception | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    agents = {pk: somebody(password=password) for pk, password in now.items()}
    monkeypatch.setattr(live, "_still_here", lambda *_: (set(), agents))
    answers.append(somebody())
    assert listen()[0]["status"] == 200


def test_who_is_still_here(cast: Cast, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zabota.workspace.live.connections.close_all", lambda: None)
    here, gone, late = (
        desk(who).session.session_key or "" for who in (cast.anna, cast.bob, cast.vera)
    )
    Session.objects.filter(pk=gone).delete()
    Session.objects.filter(pk=late).update(expire_date=clock.now() - timedelta(seconds=1))
    Agent.objects.filter(pk=cast.bob.pk).update(is_active=False)
    ended, agents = live._still_here([here, gone, late, ""], [cast.anna.pk, cast.bob.pk, 0])
    assert ended == {gone, late, ""}
    assert agents == {cast.anna.pk: cast.anna}


def test_all_who_see_the_same_are_told_the_same_bytes() -> None:
    assert live.change((4, 2)) == b'event: change\ndata: {"tickets": [4, 2]}\n\n'
    assert live.change((4, 2)) is live.change((4, 2))


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
    answers.append(somebody())
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
