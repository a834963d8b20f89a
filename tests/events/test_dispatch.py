"""Each listener once, in order per stream; a failing one waits alone."""

from collections.abc import Iterator, Sequence

import pytest
from django.db import OperationalError, connection

from tests.cast import Cast, settle
from tests.waiting import PATIENCE, until
from zabota.core import clock
from zabota.core.database import is_away
from zabota.events import dispatch
from zabota.events.dispatch import drain, retry_backlog
from zabota.events.feed import CursorRefused, read_feed
from zabota.events.models import Audit, Epoch, EventTodo, ListenerBacklog
from zabota.events.record import audit
from zabota.events.registry import LISTENERS, SYSTEM, Listener, Recorded
from zabota.tickets.actions import set_priority
from zabota.tickets.choices import Priority


class Witness:
    """A listener that remembers what it was given, and can be made to fail on some streams."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []
        self.fails_on: set[int] = set()

    def handle(self, events: Sequence[Recorded]) -> None:
        for r in events:
            if r.event.ticket_id in self.fails_on:
                raise RuntimeError("cannot")
        self.seen += [(r.event.ticket_id, r.seq) for r in events]


@pytest.fixture
def witness() -> Iterator[Witness]:
    witness = Witness()
    kinds = frozenset({"ticket.opened", "ticket.priority"})
    listener = Listener("test.witness", kinds, witness.handle)
    LISTENERS.append(listener)
    yield witness
    LISTENERS.remove(listener)


def test_a_failing_listener_is_parked_per_stream_and_catches_up_in_order(
    cast: Cast, witness: Witness
) -> None:
    good, bad = cast.receive(), cast.receive()
    witness.seen.clear()
    witness.fails_on = {bad.pk}
    for ticket in (good, bad):
        set_priority(ticket, Priority.HIGH, actor=cast.anna)
    settle()
    set_priority(bad, Priority.LOW, actor=cast.anna)
    settle()
    parked = ListenerBacklog.objects.get()
    assert (parked.stream_id, parked.attempts) == (bad.pk, 1)
    assert [pk for pk, _ in witness.seen] == [good.pk]
    witness.fails_on.clear()
    assert retry_backlog() == 0  # not due yet
    with clock.at(parked.retry_at):
        assert retry_backlog() == 1
    assert not ListenerBacklog.objects.exists()
    of_bad = [seq for pk, seq in witness.seen if pk == bad.pk]
    assert len(of_bad) == 2
    assert of_bad == sorted(of_bad)


def test_a_listener_that_never_recovers_is_dead_lettered_in_sight(
    cast: Cast, witness: Witness
) -> None:
    ticket = cast.receive()
    witness.fails_on = {ticket.pk}
    set_priority(ticket, Priority.HIGH, actor=cast.anna)
    settle()
    for _attempt in range(dispatch.MAX_ATTEMPTS):
        row = ListenerBacklog.objects.get()
        with clock.at(row.retry_at):
            retry_backlog()
    row = ListenerBacklog.objects.get()
    assert row.is_dead
    assert row.error == "RuntimeError: cannot"


def test_what_a_listener_records_is_drained_in_the_next_round(cast: Cast, witness: Witness) -> None:
    cast.accept()
    settle()
    assert not EventTodo.objects.exists()
    assert drain() == 0


@pytest.mark.django_db(transaction=True)
def test_the_feed_hands_out_everything_once_and_refuses_old_cursors(cast: Cast) -> None:
    Epoch.objects.get_or_create(number=1)
    for _ in range(3):
        cast.receive()
    # The transactions of other tests hold it back, and some last as long as their file.
    until(lambda: len(read_feed(None, 100)) == 4, 10 * PATIENCE)
    first = read_feed(None, 2)
    rest = read_feed(first[-1].cursor, 100)
    ids = [item.id for item in first + rest]
    assert (len(first), len(rest)) == (2, 2)
    assert ids == sorted(set(ids))
    assert {item.kind for item in first + rest} >= {"ticket.opened", "receipt.queued"}
    assert read_feed((first + rest)[-1].cursor, 100) == []
    for odd in ["x", "", "OTk5LjEuMQ", "ééé", "MS4tMS4w"]:
        if odd:
            with pytest.raises(CursorRefused):
                read_feed(odd, 1)
    Epoch.objects.update(number=2)
    with pytest.raises(CursorRefused):
        read_feed(first[0].cursor, 1)


def test_the_audit_cannot_be_changed(cast: Cast) -> None:
    from django.db import InternalError, transaction
    from django.db.utils import DatabaseError

    audit("sign-in", actor=SYSTEM)
    for change in (lambda: Audit.objects.update(action="nothing"), Audit.objects.all().delete):
        with pytest.raises((InternalError, DatabaseError)), transaction.atomic():
            change()


def test_a_listener_that_listens_to_other_kinds_now_is_not_waited_for(
    cast: Cast, witness: Witness
) -> None:
    bad = cast.receive()
    witness.fails_on = {bad.pk}
    set_priority(bad, Priority.HIGH, actor=cast.anna)
    settle()
    parked = ListenerBacklog.objects.get()
    old = next(one for one in LISTENERS if one.name == "test.witness")
    LISTENERS[LISTENERS.index(old)] = Listener(old.name, frozenset({"other"}), old.handle)
    with clock.at(parked.retry_at):
        assert retry_backlog() == 1
    LISTENERS[-1] = old
    assert not ListenerBacklog.objects.exists()


@pytest.mark.parametrize(
    ("statement", "away"),
    [
        ("SELECT to_tsvector(string_agg(md5(i::text), ' ')) FROM generate_series(1, 90000) i", 0),
        ("SELECT pg_terminate_backend(pg_backend_pid())", 1),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_what_a_database_refuses_is_not_a_database_that_is_away(statement: str, away: int) -> None:
    """PostgreSQL calls a vector of over 1 MB an operational error, as if it passed by itself."""
    with pytest.raises(OperationalError) as raised, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()
    assert is_away(raised.value) == bool(away)
