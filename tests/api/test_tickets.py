"""Tickets over the API: listed, opened, read, changed, with the permissions of the screens."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, get_args

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.conftest import Program, program
from tests.cast import Cast, events_of, settle
from zabota.api import requests
from zabota.intake.models import Delivery
from zabota.tickets.actions import assign, set_status
from zabota.tickets.choices import Outcome, Priority, Status
from zabota.tickets.models import Ticket

NEW = {
    "subject": "Кофемашина",
    "text": "Течёт",
    "customer": {"email": "Dana@Example.ru", "name": "Дана"},
}


def numbers(page: Any) -> list[int]:
    return [item["number"] for item in page["items"]]


def queries_of(call: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        call()
    return len(captured)


def test_a_ticket_as_the_wire_shows_it(cast: Cast, anna: Program) -> None:
    ticket = cast.receive(subject="Возврат", author="dana@example.ru", name="Дана Ковалёва")
    data = anna.get(f"/tickets/{ticket.number}")
    created = data.pop("created_at")
    assert created == data.pop("last_message_at")
    assert created.endswith("Z")
    assert datetime.fromisoformat(created) == ticket.created_at
    assert data == {
        "number": ticket.number,
        "subject": "Возврат",
        "status": "new",
        "outcome": None,
        "priority": "normal",
        "channel": "letterbox",
        "language": "ru",
        "category": None,
        "tags": [],
        "brand": "main",
        "inbox": "help@example.ru",
        "team": "first",
        "assignee": None,
        "customer": {"id": ticket.customer_id, "name": "Дана Ковалёва", "email": "dana@example.ru"},
        "first_replied_at": None,
        "solved_at": None,
        "closed_at": None,
        "follows": None,
        "url": f"http://testserver/tickets/{ticket.number}",
    }


def test_views_and_statuses(cast: Cast, anna: Program, charlie: Program) -> None:
    first, second, third = (cast.receive() for _ in range(3))
    assign(first, cast.anna, actor=cast.anna)
    set_status(second, Status.SOLVED, actor=cast.anna)
    assert numbers(anna.get("/tickets")) == [third.number, second.number, first.number]
    assert numbers(anna.get("/tickets", view="mine")) == [first.number]
    assert numbers(anna.get("/tickets", view="unassigned")) == [third.number]
    assert numbers(anna.get("/tickets", view="open")) == [third.number, first.number]
    assert numbers(anna.get("/tickets", view="solved")) == [second.number]
    assert numbers(anna.get("/tickets", status="new")) == [third.number]
    assert numbers(anna.get("/tickets", view="open", status="open")) == [first.number]
    assert charlie.get("/tickets") == {"items": [], "next": None}


@pytest.mark.parametrize("query", [{}, {"view": "open"}, {"status": "new"}])
def test_pages_follow_each_other(cast: Cast, anna: Program, query: dict[str, str]) -> None:
    made = [cast.receive().number for _ in range(5)]
    pages = anna.pages("/tickets", limit=2, **query)
    assert [[t["number"] for t in page] for page in pages] == [made[:2:-1], made[2:0:-1], made[:1]]


@pytest.mark.parametrize(
    "cursor", ["x", "MQ", "LTEuMQ", "OTk5OTk5OTk5OTk5OTk5OTk5OTkuMQ", "ы", "a" * 300, ""]
)
def test_odd_cursors(cast: Cast, anna: Program, cursor: str) -> None:
    response = anna.ask("GET", "/tickets", view="open", cursor=cursor)
    assert response.status_code == 422
    assert response.data["errors"][0]["parameter"] == "cursor"


@pytest.mark.parametrize("path", ["/tickets", "/tickets?view=open", "/search?q=деньги"])
def test_lists_cost_the_same_at_any_length(cast: Cast, anna: Program, path: str) -> None:
    cast.receive()
    anna.get(path)  # notes the token's use, once in five minutes
    one = queries_of(lambda: anna.get(path))
    for n in range(2):
        cast.receive(author=f"a{n}@x.org")
    assert len(anna.get(path)["items"]) == 3
    assert queries_of(lambda: anna.get(path)) == one <= 7


def test_what_is_not_seen_is_not_there(cast: Cast, charlie: Program) -> None:
    number = cast.receive().number
    for method, path, body in [
        ("GET", f"/tickets/{number}", None),
        ("PATCH", f"/tickets/{number}", {"priority": "high"}),
        ("GET", f"/tickets/{number}/messages", None),
        ("POST", f"/tickets/{number}/messages", {"text": "a"}),
        ("GET", "/tickets/999999", None),
    ]:
        assert charlie.ask(method, path, body).status_code == 404


def test_noting_down_what_a_customer_said(cast: Cast, anna: Program) -> None:
    data = anna.post("/tickets", NEW)
    assert (data["subject"], data["assignee"], data["team"]) == (
        "Кофемашина",
        cast.anna.email,
        "first",
    )
    assert data["customer"]["email"] == "dana@example.ru"
    messages = anna.get(f"/tickets/{data['number']}/messages")["items"]
    assert [(m["direction"], m["text"], m["author"]["kind"]) for m in messages] == [
        ("in", "Течёт", "customer")
    ]
    settle()
    assert not Delivery.objects.exists()


def test_writing_to_a_customer_first(cast: Cast, anna: Program) -> None:
    data = anna.post("/tickets", {**NEW, "direction": "out", "inbox": "Help@example.ru"})
    message = anna.get(f"/tickets/{data['number']}/messages")["items"][0]
    assert message["direction"] == "out"
    assert message["delivery"] == {"state": "queued", "error": None}
    assert Delivery.objects.get().recipient == "dana@example.ru"


def test_everything_at_once(cast: Cast, anna: Program) -> None:
    given = {
        "priority": "high",
        "category": "complaint",
        "tags": [" VIP ", "vip"],
        "assignee": None,
    }
    data = anna.post("/tickets", {**NEW, **given})
    assert {name: data[name] for name in given} == {**given, "tags": ["vip"]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("category", "no-such"),
        ("assignee", "nobody@desk.example"),
        ("inbox", "nobody@example.ru"),
    ],
)
def test_names_nobody_has(cast: Cast, anna: Program, field: str, value: str) -> None:
    data = anna.post("/tickets", {**NEW, field: value}, status=422)
    assert data["errors"] == [{"detail": data["detail"], "pointer": f"#/{field}"}]
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "  \n ", ""])
@pytest.mark.parametrize("field", ["subject", "text"])
def test_texts_that_cannot_be(cast: Cast, anna: Program, field: str, text: str) -> None:
    if field == "subject" and text.isspace():
        return
    anna.post("/tickets", {**NEW, field: text}, status=422)
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    "email", ["a@b.ru\r\nBcc: x@y.z", "a\x00@b.ru", "\ud800@b.ru", "a" * 300 + "@b.ru", "a@b", "@"]
)
def test_addresses_that_cannot_be(cast: Cast, anna: Program, email: str) -> None:
    anna.post("/tickets", {**NEW, "customer": {"email": email}}, status=422)


def test_who_may_not_open_tickets(cast: Cast) -> None:
    data = program(cast.analyst).post("/tickets", NEW, status=403)
    assert data["title"] == "Forbidden"


def test_changing_everything_at_once(cast: Cast, vera: Program) -> None:
    ticket = cast.receive()
    given = {
        "subject": "Другое",
        "status": "solved",
        "outcome": "partly",
        "priority": "urgent",
        "assignee": cast.bob.email,
        "team": "workshop",
        "category": "technical",
        "tags": ["vip"],
    }
    data = vera.patch(f"/tickets/{ticket.number}", given)
    assert {name: data[name] for name in given} == given
    assert data["solved_at"].endswith("Z")
    cleared: dict[str, Any] = {"assignee": None, "team": None, "category": None, "tags": []}
    data = vera.patch(f"/tickets/{ticket.number}", cleared)
    assert {name: data[name] for name in cleared} == cleared
    assert events_of(ticket).count("ticket.team") == 2


def test_nothing_to_change(cast: Cast, anna: Program) -> None:
    ticket = cast.receive()
    before = events_of(ticket)
    anna.patch(f"/tickets/{ticket.number}", {})
    assert events_of(ticket) == before


def test_outcomes(cast: Cast, anna: Program) -> None:
    ticket = cast.receive()
    path = f"/tickets/{ticket.number}"
    anna.patch(path, {"outcome": "partly"}, status=422)
    anna.patch(path, {"status": "open", "outcome": "partly"}, status=422)
    assert anna.patch(path, {"status": "solved"})["outcome"] == "solved"
    assert anna.patch(path, {"outcome": "duplicate"})["outcome"] == "duplicate"
    assert anna.patch(path, {"status": "closed"})["outcome"] == "duplicate"
    assert anna.patch(path, {"outcome": "partly"})["status"] == "closed"
    assert "stays closed" in anna.patch(path, {"status": "open"}, status=422)["detail"]


def test_all_or_nothing(cast: Cast, anna: Program) -> None:
    ticket = cast.receive()
    set_status(ticket, Status.CLOSED, actor=cast.anna)
    anna.patch(f"/tickets/{ticket.number}", {"priority": "high", "status": "open"}, status=422)
    ticket.refresh_from_db()
    assert ticket.priority == Priority.NORMAL


@pytest.mark.parametrize(
    "changes",
    [
        {"number": 5},
        {"status": None},
        {"status": "new"},
        {"priority": None},
        {"tags": None},
        {"tags": ["a" * 41]},
        {"tags": [str(n) for n in range(21)]},
        {"subject": ""},
        {"customer": {}},
        {"team": "no such"},
        {"outcome": None},
        [],
        1,
    ],
)
def test_changes_that_cannot_be(cast: Cast, anna: Program, changes: Any) -> None:
    anna.patch(f"/tickets/{cast.receive().number}", changes, status=422)


def test_handing_over_out_of_sight(cast: Cast, anna: Program) -> None:
    ticket = cast.receive()
    path = f"/tickets/{ticket.number}"
    assert anna.patch(path, {"team": "workshop"})["team"] == "workshop"
    assert anna.ask("GET", path).status_code == 404


def test_who_sees_but_may_not_change(cast: Cast) -> None:
    ticket = cast.receive()
    analyst = program(cast.analyst)
    analyst.patch(f"/tickets/{ticket.number}", {"priority": "high"}, status=403)
    analyst.post(f"/tickets/{ticket.number}/messages", {"text": "a"}, status=403)


def test_search_is_that_of_the_screen(cast: Cast, anna: Program, charlie: Program) -> None:
    ticket = cast.receive(text="Моя кофемашина течёт")
    found = anna.get("/search", q="кофемашины")
    assert numbers(found) == [ticket.number]
    assert found["items"][0]["snippet"] == "Моя кофемашина течёт"
    assert found["next"] is None
    assert numbers(anna.get("/search", q=str(ticket.number))) == [ticket.number]
    assert numbers(charlie.get("/search", q="кофемашины")) == []
    for q in ["", "a\x00", "x" * 201]:
        assert anna.ask("GET", "/search", q=q).status_code == 422


def test_the_names_are_the_slugs() -> None:
    assert set(get_args(requests.StatusName)) == {s.slug for s in Status}
    assert set(get_args(requests.OutcomeName)) == {o.slug for o in Outcome}
    assert set(get_args(requests.PriorityName)) == {p.slug for p in Priority}
    assert set(get_args(requests.NewStatus)) == set(get_args(requests.StatusName)) - {"new"}
