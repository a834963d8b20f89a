"""Every address × every method × every kind of person, against the tables in `routes.py`."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django.plugin import DjangoDbBlocker

from tests.architecture.routes import BODIES, LINES, METHODS, NOWHERE, QUERIES, Line
from tests.cast import Cast, make_cast, settle
from tests.fault import QUICK, report
from zabota.core import clock
from zabota.events.apps import load_rooms
from zabota.events.registry import SYSTEM
from zabota.intake.actions import add_inbox
from zabota.intake.blocking import block
from zabota.intake.chores import begin_chore
from zabota.intake.inboxes import connect_inbox
from zabota.intake.models import Delivery, Inbound, Inbox
from zabota.intake.sources import Source
from zabota.staff.actions import create_password_link, create_setup_link, create_token
from zabota.staff.models import Agent, ApiToken
from zabota.staff.permissions import TOKEN_SCOPES
from zabota.tickets.bin import mark_spam
from zabota.tickets.models import Attachment, Ticket
from zabota.tickets.permissions import eyes_of
from zabota.tickets.queries import numbers_visible_to_each
from zabota.tickets.writing import send_reply
from zabota.workspace import live

pytestmark = QUICK

NAMES = {"own": "anna", "other": "charlie", "supervisor": "vera", "ended": "bob"}
NAMES |= {"analyst": "analyst", "administrator": "admin"}
OVER, OVER_API = ("signed out", "new password"), ("revoked", "left")
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@dataclass
class World:
    """A desk where there is one of everything, in the hands of the first line."""

    cast: Cast
    ticket: Ticket
    ids: dict[str, Any]
    cookies: dict[str, SimpleCookie] = field(default_factory=dict)
    asked: int = 0

    def agent(self, who: str) -> Agent:
        agent: Agent = getattr(self.cast, NAMES.get(who, "admin"))
        return agent

    def address(self, route: str) -> str:
        """The route with what there is in the place of its variables."""
        route = route.replace("<int:pk>/<slug:kind>/<slug:language>", "<int:pk>/reply/ru")
        filled = re.sub(r"([a-z]+)/<\w+:\w+>", lambda m: f"{m[1]}/{self.ids[m[1]]}", route)
        return filled + QUERIES.get(route, "")


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Built once; whoever changes something in it takes it back."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_rooms()
        world = make_world(make_cast())
        world.cookies = {who: signed_in(world, who) for who in ("anonymous", *NAMES)}
        yield world
        transaction.set_rollback(True)
    addresses = len({line.route for line in LINES})
    callers = {who for line in LINES for who in line.expected} | {*OVER, *OVER_API}
    report(
        10,
        f"{addresses} addresses × {len(METHODS) + 1} methods × {len(callers)} kinds of callers:"
        f" {world.asked} requests answered as declared",
    )


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def make_world(cast: Cast) -> World:
    ticket = cast.receive(text="a", html="<p>a</p>", files={"a.txt": "a"})
    reply = send_reply(ticket, "b", actor=cast.anna)
    hidden = cast.receive(author="spam@example.ru")
    mark_spam([hidden.number], actor=cast.anna)
    refused = cast.accept(refuse="broken")
    settle()
    link = create_password_link(cast.bob).rpartition("/")[2]
    asked = ticket.messages.order_by("pk")[0]
    ids = {
        "views": "open",
        "tickets": ticket.number,
        "messages": asked.pk,
        "attachments": Attachment.objects.get().pk,
        "customers": ticket.customer_id,
        "outbox": Delivery.objects.get(message_id=reply.pk).pk,
        "inbound": Inbound.objects.get(pk=refused).pk,
        "setup": link,
        "hidden": hidden.number,
        "mail": cast.brand.pk,
        "chores": begin_chore("delete", [], actor=cast.vera).pk,
        "blocks": block("evil.example", channel="letterbox", actor=cast.vera).pk,
        "inboxes": _fetching_inbox().pk,
        "built": "no-such.css",
    }
    return World(cast, ticket, ids)


def _fetching_inbox() -> Inbox:
    source = Source("imap.example.ru", 993, "letters", provider="google")
    return connect_inbox(add_inbox("letters@example.ru")[0], source, None, actor=SYSTEM)


def routes(patterns: Any = None, prefix: str = "/") -> Iterator[str]:
    """Every address the house knows."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        whole = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, whole)
        elif isinstance(pattern, URLPattern):
            yield whole


def test_every_address_is_declared() -> None:
    declared = {line.route for line in LINES} | set(NOWHERE)
    assert set(routes()) == declared


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_who_gets_what(world: World, line: Line) -> None:
    got = {}
    for who in line.expected:
        with taken_back():
            got[who] = ask(world, line, who)
    assert got == line.expected


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_whose_way_in_is_over_is_a_stranger(world: World, line: Line) -> None:
    """A token that was revoked, or of somebody who has left; a session that was ended."""
    for who in OVER_API if line.route.startswith("/api/") else OVER:
        with taken_back():
            assert ask(world, line, who) == line.expected["ended"], who


@pytest.mark.parametrize("line", [li for li in LINES if li.method == "GET"], ids=lambda li: li.name)
def test_head_says_what_get_says(world: World, line: Line) -> None:
    for who in ("anonymous", "other", "administrator"):
        with taken_back():
            assert ask(world, line, who, by="HEAD") == line.expected[who], who


def ask(world: World, line: Line, who: str, by: str = "") -> int:
    """The status that this person gets, if need be by another method than the line's."""
    world.asked += 1
    address, body = world.address(line.route), dict(BODIES.get(line.name, {}))
    options: dict[str, Any] = {}
    if line.route.startswith("/api/"):
        client = Client(headers=bearer(world, line, who))
        options = {"content_type": "application/json"}
    else:
        client = browser(world, who)
        if "inbox" in body:
            body["inbox"] = world.cast.inbox.pk
        if "brand" in body:
            body["brand"] = world.cast.brand.pk  # of an inbox
    method = by or line.method
    if method in ("GET", "HEAD"):
        return int(getattr(client, method.lower())(address).status_code)
    return int(getattr(client, method.lower())(address, body, **options).status_code)


def browser(world: World, who: str) -> Client:
    """Signed in once; what a page does to the cookies is nobody else's business."""
    client = Client()
    client.cookies = deepcopy(world.cookies["ended" if who in OVER else who])
    if who == "ended":
        Agent.objects.filter(pk=world.cast.bob.pk).update(is_active=False)
    elif who == "signed out":
        Session.objects.all().delete()
    elif who == "new password":
        Agent.objects.filter(pk=world.cast.bob.pk).update(password="another")
    return client


def signed_in(world: World, who: str) -> SimpleCookie:
    client = Client()
    if who != "anonymous":
        client.force_login(world.agent(who), backend=BACKEND)
    return client.cookies


def bearer(world: World, line: Line, who: str) -> dict[str, str]:
    if who == "anonymous":
        return {}
    scopes = set(TOKEN_SCOPES)
    if who == "scopeless":
        scopes -= {scope_of(line)}
    secret = create_token(world.agent(who), sorted(scopes))
    if who == "ended":
        ApiToken.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    elif who == "revoked":
        ApiToken.objects.all().delete()
    elif who == "left":
        Agent.objects.filter(pk=world.cast.admin.pk).update(is_active=False)
    return {"authorization": f"Bearer {secret}"}


def scope_of(line: Line) -> str:
    if line.method != "GET":
        return "tickets:write"
    return "events:read" if line.route.endswith("/events") else "tickets:read"


@pytest.mark.parametrize("route", sorted({line.route for line in LINES}))
def test_other_methods_there_are_not(world: World, route: str) -> None:
    lines = {line.method: line for line in LINES if line.route == route}
    for method in set(METHODS) - lines.keys():
        for who in ("anonymous", "administrator"):
            with taken_back():
                expected = 302 if route == "/sign-in" and who != "anonymous" else 405
                assert ask(world, Line(method, route, {}), who) == expected, (method, who)


def test_the_stream_has_no_other_methods(db: None) -> None:
    for method in set(METHODS) - {"GET"}:
        assert Client().generic(method, "/live").status_code == 404


@pytest.mark.parametrize("route", NOWHERE)
@pytest.mark.parametrize("method", METHODS)
def test_where_there_is_nothing(db: None, method: str, route: str) -> None:
    assert Client().generic(method, route).status_code == 404


def test_a_used_link_leads_nowhere(cast: Cast) -> None:
    secret = create_password_link(cast.bob).rpartition("/")[2]
    create_password_link(cast.bob)
    assert Client().get(f"/setup/{secret}").status_code == 404
    assert Client().get("/setup/no-such").status_code == 404
    assert create_setup_link() is None


def test_strangers_get_no_stream() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing is read from strangers")

    for cookies in (b"", b"zabota_session=", b"\xff=\xff", b"a=b;;;"):
        sent.clear()
        asyncio.run(live.live({"headers": [(b"cookie", cookies)]}, receive, send))
        assert sent[0]["status"] == 401


@pytest.mark.parametrize(
    ("who", "is_somebody", "sees"),
    [
        ("own", True, True),
        ("other", True, False),
        ("supervisor", True, True),
        ("analyst", True, True),
        ("administrator", True, True),
        ("ended", False, False),
        ("signed out", False, False),
        ("new password", False, False),
        ("anonymous", False, False),
    ],
)
def test_the_stream(
    world: World, monkeypatch: pytest.MonkeyPatch, who: str, is_somebody: bool, sees: bool
) -> None:
    # The test's own connection must stay.
    monkeypatch.setattr("zabota.workspace.live.connections.close_all", lambda: None)
    with taken_back():
        cookies = browser(world, who).cookies
        cookie = cookies.output(header="", sep=";").encode()
        agent = live._agent_of(live._session_of({"headers": [(b"cookie", cookie)]}))
        seen = numbers_visible_to_each([eyes_of(agent)] if agent else [], [world.ticket.pk])
    assert (agent is not None) == is_somebody
    assert ([world.ticket.number] in seen.values()) == sees
