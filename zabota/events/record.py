"""Writing history: one statement for any number of events."""

import json
from collections.abc import Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from zabota.core import clock
from zabota.events.models import Audit
from zabota.events.registry import Actor, DomainEvent

# Set while listeners run, so that what they record says what led to it.
causing_event: ContextVar[int | None] = ContextVar("causing_event", default=None)

RECORD = """
WITH new AS (
  SELECT * FROM ROWS FROM (json_to_recordset(%s) AS (
      stream_kind text, stream_id bigint, kind text, version int, payload jsonb, actor_kind text,
      actor_id bigint, at timestamptz))
    WITH ORDINALITY AS n(stream_kind, stream_id, kind, version, payload, actor_kind, actor_id, at,
                         place)
), written AS (
  INSERT INTO events_event (stream_kind, stream_id, seq, kind, version, payload,
                            actor_kind, actor_id, caused_by, at)
  SELECT n.stream_kind, n.stream_id,
         coalesce(last.seq, 0) + row_number() OVER (PARTITION BY n.stream_kind, n.stream_id
                                                    ORDER BY n.place),
         n.kind, n.version, n.payload, n.actor_kind, n.actor_id, %s, n.at
  FROM new n LEFT JOIN LATERAL (
    SELECT max(seq) AS seq FROM events_event e
    WHERE e.stream_kind = n.stream_kind AND e.stream_id = n.stream_id) last ON true
  ORDER BY n.place
  RETURNING id
), todo AS (INSERT INTO events_eventtodo (event_id) SELECT id FROM written)
SELECT array_agg(id ORDER BY id), pg_notify('events', %s) FROM written
"""
NOTICE_BYTES = 7900  # PostgreSQL takes 8,000; a notice cut here makes screens look at everything


class Happening(NamedTuple):
    """An event with who did it and, if not now, when."""

    event: DomainEvent
    actor: Actor
    at: datetime | None = None


def record(*events: DomainEvent, actor: Actor) -> list[int]:
    """Append events to their streams, inside the action's transaction; give back their ids.

    The caller holds the lock on each stream's row, so that numbers in a stream follow commits.
    """
    return record_all([Happening(event, actor) for event in events])


def record_all(happenings: Sequence[Happening]) -> list[int]:
    """`record` for plural actions: each event with an actor and a time of its own."""
    if not happenings:
        return []
    with connection.cursor() as cursor:
        values = [_document(happenings), causing_event.get(), _notice(happenings)]
        cursor.execute(RECORD, values)
        ids: list[int] = cursor.fetchone()[0]
    return ids


def _document(happenings: Sequence[Happening]) -> str:
    now = clock.now()
    return json.dumps([_row(h, now) for h in happenings], default=str)


def _row(happening: Happening, now: datetime) -> dict[str, object]:
    event, actor = happening.event, happening.actor
    stream_kind, stream_id = event.stream_key()
    return {
        "stream_kind": stream_kind,
        "stream_id": stream_id,
        "kind": event.name,
        "version": event.version,
        "payload": event.payload(),
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "at": happening.at or now,
    }


def _notice(happenings: Sequence[Happening]) -> str:
    """For open screens: `ticket:1,ticket:7`."""
    touched = (h.event.touches() for h in happenings)
    return ",".join(sorted({f"{kind}:{pk}" for kind, pk in touched}))[:NOTICE_BYTES]


def touch_screens(kind: str, pk: int) -> None:
    """Open screens of this stream look again, though nothing happened that belongs to history."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('events', %s)", [f"{kind}:{pk}"])


def audit(action: str, *, actor: Actor, **detail: str | int | None) -> None:
    """Note a sign-in, a permission or an export in the table nobody can change."""
    Audit.objects.create(
        at=clock.now(), action=action, actor_kind=actor.kind, actor_id=actor.id, detail=detail
    )
