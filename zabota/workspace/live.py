"""What others do appears without reload: server-sent events, in front of Django.

`GET /live` sends `event: change` with `{"tickets": [numbers]}` for what this agent may see, and
`event: resync` when notices may have been missed: the page then fetches what it shows. Numbers
only: pages fetch fragments, so that permission stays in one place.
"""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any, NamedTuple

import psycopg
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.db import Error, connections
from django.http import HttpRequest

from zabota.core.environment import env
from zabota.core.postgres import connection_string
from zabota.core.statements import Statement
from zabota.staff.models import Agent
from zabota.tickets.permissions import Eyes, eyes_of
from zabota.tickets.queries import numbers_visible_to_each

log = logging.getLogger("zabota.live")

HEARTBEAT = 25.0
LOOK = 15.0  # who signed out, or may see something else now, is known after so many seconds
GATHER = 0.05
AGAIN = 1.0
MOST_WAITING = 64
MOST_STREAMS = 40  # of one agent; a browser needs one, see live-worker.js
MOST_NUMBERS = 500
LATER = b"retry: 5000\n\n"  # and the browser comes back by itself: it gives up on a 503
STILL_HERE = b": still here\n\n"
RESYNC = b"event: resync\ndata: {}\n\n"
# Sessions, of those named, that are over.
ENDED = """
SELECT name FROM unnest(%s::text[]) AS name WHERE NOT EXISTS (
    SELECT FROM django_session WHERE session_key = name AND expire_date > now())
"""
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Stream:
    """What one open screen is still to be told: no task and no timer for each word."""

    def __init__(self, session: str = "", password: str = "") -> None:
        self.session, self.password = session, password  # with which it was let in
        self.waiting: list[bytes] = []
        self.is_due = self.is_over = False
        self.woken = asyncio.Event()

    def tell(self, data: bytes) -> None:
        if len(self.waiting) >= MOST_WAITING:  # a screen that does not keep up starts afresh
            self.waiting = [RESYNC]
        else:
            self.waiting.append(data)
        self.woken.set()

    def beat(self) -> None:
        self.is_due = True
        self.woken.set()

    def end(self) -> None:
        self.is_over = True
        self.woken.set()

    async def next(self) -> bytes:
        """All that waits, which may be nothing."""
        await self.woken.wait()
        self.woken.clear()
        data = b"".join(self.waiting)
        self.waiting.clear()
        return data


class Reader(NamedTuple):
    """All that is asked of an agent before each word."""

    eyes: Eyes
    keeps_post: bool


class Hub:
    """One connection that listens to the database, for every open screen of this process."""

    def __init__(self) -> None:
        self.streams: dict[int, set[Stream]] = defaultdict(set)
        self.readers: dict[int, Reader] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def join(self, agent: Agent, session: str) -> Stream:
        stream = Stream(session, agent.password)
        self.readers[agent.pk] = _reader(agent)
        self.streams[agent.pk].add(stream)
        for name, work in (("listen", self._listen), ("look", self._look)):
            if name not in self.tasks or self.tasks[name].done():
                self.tasks[name] = asyncio.create_task(work())
        return stream

    def leave(self, agent: Agent, stream: Stream) -> None:
        self.streams[agent.pk].discard(stream)
        if not self.streams[agent.pk]:
            del self.streams[agent.pk], self.readers[agent.pk]

    async def _look(self) -> None:
        """End the streams of who may not read any more; the others see what they may see now."""
        while self.streams:
            await asyncio.sleep(LOOK)
            open_ones = [(pk, one) for pk, streams in self.streams.items() for one in streams]
            sessions = list({stream.session for _, stream in open_ones})
            try:
                look = sync_to_async(_still_here, thread_sensitive=False)
                ended, agents = await look(sessions, list(self.streams))
            except Error:  # the database is away, and there is nothing to tell
                continue
            for pk, stream in open_ones:
                agent = agents.get(pk)
                if agent is None or stream.session in ended or stream.password != agent.password:
                    stream.end()
                elif pk in self.readers:
                    self.readers[pk] = _reader(agent)

    async def _listen(self) -> None:
        while self.streams:
            try:
                conninfo = env.listen_database_url or connection_string(env)
                async with await psycopg.AsyncConnection.connect(
                    conninfo, autocommit=True
                ) as connection:
                    await connection.execute("LISTEN events")
                    self._tell_all(RESYNC)
                    await self._relay(connection)
            except (psycopg.Error, Error, OSError) as error:
                log.warning("live: the database is away: %s", type(error).__name__)
                await asyncio.sleep(AGAIN)

    async def _relay(self, connection: psycopg.AsyncConnection[Any]) -> None:
        while self.streams:
            notices = [n.payload async for n in connection.notifies(timeout=5, stop_after=1)]
            if notices:
                notices += [n.payload async for n in connection.notifies(timeout=0)]
                post, lists = (speak_of(kind, notices) for kind in ("inbound", "lists"))
                await self._publish(ticket_ids(notices), is_post=post, is_list=lists)
                await asyncio.sleep(GATHER)  # what comes meanwhile is told together

    async def _publish(
        self, ids: list[int], *, is_post: bool = False, is_list: bool = False
    ) -> None:
        if len(ids) > MOST_NUMBERS:
            self._tell_all(RESYNC)
            return
        readers = list(self.readers.values())
        eyes = [reader.eyes for reader in readers]
        seen = await sync_to_async(_visible, thread_sensitive=False)(eyes, ids)
        for one in readers:
            numbers = seen.get(one.eyes.agent_id, ())
            if numbers or is_list or (is_post and one.keeps_post):
                self._tell(one.eyes.agent_id, change(tuple(numbers)))

    def _tell_all(self, data: bytes) -> None:
        for pk in list(self.streams):
            self._tell(pk, data)

    def _tell(self, agent_id: int, data: bytes) -> None:
        for stream in self.streams.get(agent_id, ()):
            stream.tell(data)


hub = Hub()


@lru_cache(maxsize=256)
def change(numbers: tuple[int, ...]) -> bytes:
    """The word to all who see these: written once, however many they are."""
    return f"event: change\ndata: {json.dumps({'tickets': numbers})}\n\n".encode()


def ticket_ids(notices: list[str]) -> list[int]:
    """The tickets named in notices like `ticket:1,delivery:3`; a name cut short is left out."""
    names = {name for notice in notices for name in notice.split(",")}
    return sorted(int(n[7:]) for n in names if n.startswith("ticket:") and n[7:].isdecimal())


def speak_of(kind: str, notices: list[str]) -> bool:
    """Whether one is of this kind: `inbound` for who keeps the post, `lists` for everybody."""
    return any(f"{kind}:" in notice for notice in notices)


def _reader(agent: Agent) -> Reader:
    return Reader(eyes_of(agent), agent.may("intake.manage"))


def _visible(readers: list[Eyes], ids: list[int]) -> dict[int, list[int]]:
    if not ids:
        return {}
    try:
        return numbers_visible_to_each(readers, ids)
    finally:
        connections.close_all()


def _session_of(scope: Scope) -> str:
    """The key of the session in the cookies, '' if there is none."""
    cookies = b"; ".join(v for k, v in scope["headers"] if k == b"cookie").decode("latin-1")
    try:
        morsel = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _agent_of(session: str) -> Agent | None:
    """Who is signed in with it."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session)
    try:
        user = get_user(request)
        return user if isinstance(user, Agent) and user.is_active else None
    finally:
        connections.close_all()


def _still_here(sessions: list[str], ids: list[int]) -> tuple[set[str], dict[int, Agent]]:
    """Of these sessions those that are over, of these agents those that still work here."""
    try:
        ended = {name for (name,) in Statement(ENDED, (sessions,)).ask()}
        return ended, Agent.objects.filter(is_active=True).in_bulk(ids)
    finally:
        connections.close_all()


async def live(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI application of `/live`. 401 for strangers, 429 for too many; ends with the session."""
    session = _session_of(scope)
    try:
        agent = await sync_to_async(_agent_of, thread_sensitive=False)(session)
    except Error:  # the database is away
        await _refuse(200, send, LATER)
        return
    if agent is None or len(hub.streams.get(agent.pk, ())) >= MOST_STREAMS:
        await _refuse(429 if agent else 401, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    stream = hub.join(agent, session)
    gone = asyncio.create_task(_gone(receive))
    gone.add_done_callback(lambda _: stream.end())
    try:
        await _write(b"retry: 1000\n\n" + RESYNC, send)
        await _tell_news(stream, send)
    finally:
        gone.cancel()
        hub.leave(agent, stream)


async def _tell_news(stream: Stream, send: Send) -> None:
    """Until the reader leaves or may not read any more."""
    loop = asyncio.get_running_loop()
    timer = loop.call_later(HEARTBEAT, stream.beat)
    try:
        while not stream.is_over:
            data = await stream.next()
            if stream.is_due:
                data, stream.is_due = data or STILL_HERE, False
                timer = loop.call_later(HEARTBEAT, stream.beat)
            if data and not stream.is_over:
                await _write(data, send)
    finally:
        timer.cancel()


async def _refuse(status: int, send: Send, body: bytes = b"") -> None:
    await send({"type": "http.response.start", "status": status, "headers": HEADERS})
    await send({"type": "http.response.body", "body": body})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _write(data: bytes, send: Send) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})
