"""The feed of everything, for those who may read everything."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.conftest import Program, program
from tests.cast import Cast
from zabota.events import feed
from zabota.events.models import Epoch
from zabota.staff.models import Role


@pytest.fixture(autouse=True)
def own_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """The feed shows only what every running transaction has left behind, tests' own included."""
    settled = "AND e.xid < pg_snapshot_xmin(pg_current_snapshot())"
    assert settled in feed.PAGE
    monkeypatch.setattr(feed, "PAGE", feed.PAGE.replace(settled, ""))


def test_everything_in_order_and_once(cast: Cast, vera: Program) -> None:
    assert vera.get("/events") == {"items": [], "next": None}
    ticket = cast.receive()
    page = vera.get("/events", limit=2)
    opened = page["items"][0]
    assert opened["cursor"]
    assert opened["at"].endswith("Z")
    assert (opened["kind"], opened["seq"], opened["ticket"]) == ("ticket.opened", 1, ticket.number)
    assert opened["stream"] == {"kind": "ticket", "id": ticket.pk}
    assert opened["actor"]["kind"] in ("customer", "system")
    assert opened["payload"]["ticket_id"] == ticket.pk
    rest = vera.get("/events", after=page["next"])
    ids = [item["id"] for item in [*page["items"], *rest["items"]]]
    assert ids == sorted(set(ids))
    end = vera.get("/events", after=rest["next"])
    assert end == {"items": [], "next": rest["next"]}
    cast.receive()
    assert vera.get("/events", after=end["next"])["items"][0]["kind"] == "ticket.opened"


def test_the_feed_costs_the_same_at_any_length(cast: Cast, vera: Program) -> None:
    cast.receive()
    vera.get("/events")
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            vera.get("/events")
        counts.append(len(captured))
        cast.receive()
        cast.receive()
    assert counts[0] == counts[1] <= 6


def test_who_may_read_it(cast: Cast) -> None:
    for agent, status in [
        (cast.admin, 200),
        (cast.vera, 200),
        (cast.analyst, 200),
        (cast.anna, 403),
    ]:
        assert program(agent).ask("GET", "/events").status_code == status


def test_a_narrow_permission_is_not_enough(cast: Cast, anna: Program) -> None:
    role = Role.objects.get(slug="operator")
    role.permissions["event.read"] = "team"
    role.save()
    assert anna.ask("GET", "/events").status_code == 403


@pytest.mark.parametrize("cursor", ["x", "MS4x", "LTEuMS4x", "MS4xLi0x", "ы"])
def test_odd_cursors(cast: Cast, vera: Program, cursor: str) -> None:
    response = vera.ask("GET", "/events", after=cursor)
    assert response.status_code == 422
    assert response.data["errors"][0]["parameter"] == "after"


def test_a_cursor_from_before_a_restore(cast: Cast, vera: Program) -> None:
    cast.receive()
    cursor = vera.get("/events")["next"]
    Epoch.objects.update(number=2)
    response = vera.ask("GET", "/events", after=cursor)
    assert response.status_code == 422
    assert "restore" in response.data["detail"]
