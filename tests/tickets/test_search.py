"""Search by the walk through all messages, and among few tickets: both find the same."""

import pytest

from tests.cast import Cast
from zabota.staff.models import Agent
from zabota.tickets import search
from zabota.tickets.actions import assign
from zabota.tickets.search import search_tickets
from zabota.tickets.writing import send_reply, undo_reply, write_note


def found(agent: Agent, query: str) -> list[int]:
    return [hit.ticket.number for hit in search_tickets(agent, query)]


@pytest.mark.parametrize("few", [search.FEW, 0])
def test_both_ways_find_the_same(cast: Cast, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(search, "FEW", few)
    first, second = cast.receive(text="термостат"), cast.receive(text="реле")
    write_note(second, "и термостат тоже", actor=cast.vera)
    undo_reply(send_reply(first, "реле", actor=cast.anna), actor=cast.anna)
    assert found(cast.anna, "термостаты") == [second.number, first.number]
    assert found(cast.anna, "реле") == [second.number]
    assert found(cast.charlie, "термостаты") == []
    assign(first, cast.charlie, actor=cast.vera)
    assert found(cast.charlie, "термостаты") == [first.number]


def test_the_newest_fifty_are_found_however_many_there_are(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "FEW", 0)
    numbers = [cast.receive(text="термостат").number for _ in range(6)]
    assert [h.ticket.number for h in search_tickets(cast.anna, "термостат", limit=4)] == (
        numbers[:1:-1]
    )
