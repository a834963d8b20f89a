"""Giving events to listeners: in order per stream, each listener once, nothing lost at any kill.

One transaction takes a batch off the to-do table, runs every listener on its kinds in a savepoint,
and commits both. A listener that fails is tried again stream by stream; only the streams it fails
on wait in `ListenerBacklog`. Nobody has a cursor who is not behind.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import connection, transaction

from zabota.core import clock
from zabota.core.database import is_away, is_true
from zabota.core.locks import Lock
from zabota.events.models import Event, EventTodo, ListenerBacklog
from zabota.events.record import causing_event
from zabota.events.registry import LISTENERS, Actor, Listener, Recorded, lift

log = logging.getLogger("zabota.dispatch")

Stream = tuple[str, int]
MAX_ATTEMPTS = 10
TAKE = """
DELETE FROM events_eventtodo WHERE event_id IN (
  SELECT event_id FROM events_eventtodo ORDER BY event_id LIMIT %s) RETURNING event_id
"""
ANY_TODO = "SELECT EXISTS (SELECT FROM events_eventtodo)"
ANY_PARKED = """
SELECT EXISTS (SELECT FROM events_listenerbacklog WHERE NOT is_dead AND retry_at <= %s)
"""


def drain(*, batch: int = 200, seconds: float = 0.1) -> int:
    """Hand out what waits, for about `seconds`; give back how many events were handed out.

    Agents wait for rows that listeners hold, hence the cap. A lock keeps drainers in a line.
    """
    if not is_true(ANY_TODO):
        return 0
    until = time.monotonic() + seconds
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.DRAIN])
        handed = 0
        while events := _take(batch):
            _hand_out(events)
            handed += len(events)
            if time.monotonic() > until:
                break
    return handed


def _take(batch: int) -> list[Event]:
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [batch])
        ids = [row[0] for row in cursor.fetchall()]
    if not ids:
        return []
    return list(Event.objects.filter(pk__in=ids).order_by("stream_kind", "stream_id", "seq"))


def _hand_out(events: Sequence[Event]) -> None:
    parked = _parked(events)
    for listener in LISTENERS:
        mine = [
            e
            for e in events
            if e.kind in listener.kinds and (listener.name, _stream(e)) not in parked
        ]
        if mine and _fails(listener, mine):
            log.warning("listener %s fell back to single streams", listener.name)
            for stream, single in _by_stream(mine).items():
                if error := _fails(listener, single):
                    _park(listener, stream, single[0].seq, error)


def _parked(events: Iterable[Event]) -> set[tuple[str, Stream]]:
    ids = {e.stream_id for e in events}
    rows = ListenerBacklog.objects.filter(stream_id__in=ids)
    return {
        (name, (kind, pk))
        for name, kind, pk in rows.values_list("listener", "stream_kind", "stream_id")
    }


def _fails(listener: Listener, events: Sequence[Event]) -> str | None:
    """Run in a savepoint; the error's text, or None. A lost database is nobody's fault: raised."""
    token = causing_event.set(events[-1].pk)
    try:
        with transaction.atomic():
            listener.handle([r for e in events if (r := recorded(e))])
    except Exception as error:
        if is_away(error):
            raise
        log.exception("listener %s", listener.name)
        return f"{type(error).__name__}: {error}"
    finally:
        causing_event.reset(token)
    return None


def recorded(row: Event) -> Recorded | None:
    """The stored row as an event of this house, or None if the kind is not known any more."""
    event = lift(row.kind, row.payload, row.version)
    actor = Actor(row.actor_kind, row.actor_id)
    if event is None:
        return None
    return Recorded(row.pk, row.seq, row.at, actor, event, row.caused_by)


def _stream(event: Event) -> Stream:
    return event.stream_kind, event.stream_id


def _by_stream(events: Iterable[Event]) -> dict[Stream, list[Event]]:
    streams: dict[Stream, list[Event]] = defaultdict(list)
    for event in events:
        streams[_stream(event)].append(event)
    return streams


def _park(listener: Listener, stream: Stream, seq: int, error: str) -> None:
    ListenerBacklog.objects.create(
        listener=listener.name,
        stream_kind=stream[0],
        stream_id=stream[1],
        seq=seq,
        retry_at=clock.now() + _pause(1),
        error=error[:2000],
    )


def _pause(attempts: int) -> timedelta:
    return timedelta(seconds=min(4**attempts, 6 * 3600))


def retry_backlog(*, limit: int = 100) -> int:
    """Try what is parked and due again; give back how many listeners caught up."""
    if not is_true(ANY_PARKED, [clock.now()]):
        return 0
    names = {listener.name: listener for listener in LISTENERS}
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.DRAIN])
        due = ListenerBacklog.objects.filter(is_dead=False, retry_at__lte=clock.now())
        return sum(_retry(row, names[row.listener]) for row in due[:limit] if row.listener in names)


def _retry(row: ListenerBacklog, listener: Listener) -> bool:
    # What still has a to-do row will come by itself once this row is gone.
    events = Event.objects.filter(
        stream_kind=row.stream_kind,
        stream_id=row.stream_id,
        seq__gte=row.seq,
        kind__in=listener.kinds,
    ).exclude(pk__in=EventTodo.objects.values("pk"))
    waiting = list(events.order_by("seq"))
    error = _fails(listener, waiting) if waiting else None  # it may listen to other kinds by now
    if error is None:
        row.delete()
        return True
    row.attempts += 1
    row.is_dead = row.attempts >= MAX_ATTEMPTS
    row.retry_at, row.error = clock.now() + _pause(row.attempts), error[:2000]
    row.save()
    return False
