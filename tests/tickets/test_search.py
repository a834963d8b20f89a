"""Search through all texts, step by step, and among few tickets: each way finds the same."""

import pytest
from django.db import connection

from tests.cast import Cast
from zabota.staff.models import Agent
from zabota.tickets import finding
from zabota.tickets.actions import assign
from zabota.tickets.search import search_tickets
from zabota.tickets.writing import send_reply, undo_reply, write_note


def found(agent: Agent, query: str) -> list[int]:
    return [hit.ticket.number for hit in search_tickets(agent, query)]


@pytest.mark.parametrize("each", [finding.EACH, 10**9])
def test_both_ways_find_the_same(cast: Cast, monkeypatch: pytest.MonkeyPatch, each: int) -> None:
    monkeypatch.setattr(finding, "EACH", each)
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
    monkeypatch.setattr(finding, "EACH", 10**9)
    numbers = [cast.receive(text="термостат").number for _ in range(6)]
    assert [h.ticket.number for h in search_tickets(cast.anna, "термостат", limit=4)] == (
        numbers[:1:-1]
    )


@pytest.mark.parametrize("rare", [finding.RARE, -1])
def test_old_words_are_found_in_the_whole_index_and_bucket_by_bucket(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, rare: int
) -> None:
    monkeypatch.setattr(finding, "EACH", 10**9)
    monkeypatch.setattr(finding, "RARE", rare)
    monkeypatch.setattr(finding, "NEWEST", finding.NEWEST.replace("512", "1"))
    tickets = []
    for bucket in (1, 3, 5):
        _go_on_with(bucket)
        tickets.append(cast.receive(text="термостат"))
    first, second, third = (ticket.number for ticket in tickets)
    _go_on_with(6)
    send_reply(tickets[1], "термостат", actor=cast.anna)  # in two buckets, and found once
    _go_on_with(20)
    cast.receive(text="реле")
    assert found(cast.anna, "термостат") == [second, third, first]
    for limit in (1, 2):
        hits = search_tickets(cast.anna, "термостат", limit=limit)
        assert [hit.ticket.number for hit in hits] == [second, third, first][:limit]


def test_what_is_new_in_the_index_is_found_before_and_after_it_is_merged(cast: Cast) -> None:
    number = cast.receive(text="термостат").number
    assert found(cast.anna, "термостат") == [number]
    finding.merge_new_words()
    assert found(cast.anna, "термостат") == [number]


@pytest.mark.parametrize("each", [finding.EACH, 10**9])
def test_newest_words_come_first_also_where_something_else_was_said_later(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, each: int
) -> None:
    monkeypatch.setattr(finding, "EACH", each)
    older, newer = cast.receive(text="термостат"), cast.receive(text="термостат")
    send_reply(older, "реле", actor=cast.anna)
    [hit] = search_tickets(cast.anna, "термостат", limit=1)
    assert hit.ticket.number == newer.number


def _go_on_with(bucket: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('tickets_message_id_seq', %s)", [bucket << 14])
