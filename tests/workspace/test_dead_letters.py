"""What is stuck: seen, tried again, let go with a reason."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.cast import Cast
from tests.workspace.conftest import Desk
from zabota.core import clock
from zabota.events.dispatch import retry_backlog
from zabota.events.models import Audit, Event, ListenerBacklog
from zabota.events.registry import LISTENERS, Listener
from zabota.tickets.models import Ticket


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A listener of every opened ticket that fails while there is something in this list."""
    reasons: list[Any] = ["the printer is out of paper"]

    def handle(_events: Any) -> None:
        """Print a label."""
        if reasons:
            raise RuntimeError(reasons[0])

    added = [*LISTENERS, Listener("test.print_label", frozenset({"ticket.opened"}), handle)]
    monkeypatch.setattr("zabota.events.dispatch.LISTENERS", added)
    return reasons


def dead(cast: Cast) -> tuple[Ticket, ListenerBacklog]:
    ticket = cast.receive()
    ListenerBacklog.objects.update(is_dead=True, attempts=10)
    return ticket, ListenerBacklog.objects.get()


def test_what_is_stuck_stands_with_its_reason(cast: Cast, desk: Desk, fails: list[Any]) -> None:
    ticket, _row = dead(cast)
    page = desk(cast.vera).get("/settings/dead-letters").content.decode()
    assert "test.print_label" in page and "out of paper" in page
    assert f"/tickets/{ticket.number}" in page and "gave up" in page


def test_another_try_is_made_and_noted(cast: Cast, desk: Desk, fails: list[Any]) -> None:
    _ticket, row = dead(cast)
    fails.clear()
    desk(cast.vera).post("/settings/dead-letters/do", {"do": "retry", "pick": row.pk})
    with clock.at(clock.now() + timedelta(seconds=1)):
        assert retry_backlog() == 1
    assert not ListenerBacklog.objects.exists()
    assert [e.kind for e in Event.objects.filter(stream_kind="backlog")] == ["listener.retried"]


def test_all_that_gave_up_are_tried_again(cast: Cast, desk: Desk, fails: list[Any]) -> None:
    dead(cast)
    desk(cast.vera).post("/settings/dead-letters/do", {"do": "all"})
    assert not ListenerBacklog.objects.get().is_dead


def test_letting_go_needs_a_reason(cast: Cast, desk: Desk, fails: list[Any]) -> None:
    _ticket, row = dead(cast)
    client, asked = desk(cast.vera), {"do": "skip", "pick": row.pk}
    refused = client.post("/settings/dead-letters/do", asked)
    assert refused.status_code == 422 and "Say why" in refused.content.decode()
    client.post("/settings/dead-letters/do", {**asked, "reason": "the printer was sold"})
    assert not ListenerBacklog.objects.exists()
    audit = Audit.objects.get(action="listener.skipped")
    assert audit.detail["reason"] == "the printer was sold" and audit.actor_id == cast.vera.pk
    event = Event.objects.get(kind="listener.skipped")
    assert "sold" not in str(event.payload)


def test_an_empty_page_says_what_would_stand_there(cast: Cast, desk: Desk) -> None:
    assert "Nothing is stuck" in desk(cast.vera).get("/settings/dead-letters").content.decode()


def test_it_costs_the_same_with_many(cast: Cast, desk: Desk, fails: list[Any]) -> None:
    client = desk(cast.vera)
    counts = []
    for _ in range(2):
        cast.receive()
        client.get("/settings/dead-letters")
        with CaptureQueriesContext(connection) as queries:
            client.get("/settings/dead-letters")
        counts.append(len(queries))
        cast.receive()
    assert counts[0] == counts[1]
