"""Listeners that failed: trying them again, or letting them go on without."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from zabota.core import clock
from zabota.events.events import ListenerRetried, ListenerSkipped
from zabota.events.models import ListenerBacklog
from zabota.events.record import audit, record
from zabota.events.registry import Actor

LONGEST_REASON = 300


def dead_letters() -> QuerySet[ListenerBacklog]:
    """Listeners that wait on a stream, those that gave up first."""
    return ListenerBacklog.objects.order_by("-is_dead", "pk")


@transaction.atomic
def retry_listeners(ids: Iterable[int], *, actor: Actor) -> int:
    """Give these another ten tries, the first at once; how many there were."""
    rows = _locked(ids)
    changed = {"is_dead": False, "attempts": 0, "retry_at": clock.now()}
    ListenerBacklog.objects.filter(pk__in=[row.pk for row in rows]).update(**changed)
    record(*(ListenerRetried(**_about(row)) for row in rows), actor=actor)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('events', '')")
    return len(rows)


@transaction.atomic
def skip_events(ids: Iterable[int], reason: str, *, actor: Actor) -> int:
    """Let these go on without what they failed on, for this reason; how many there were.

    Raises `ValueError` without a reason: nobody could say later why something is missing.
    """
    reason = " ".join(reason.split())[:LONGEST_REASON]
    if not reason:
        raise ValueError("skipping needs a reason")
    rows = _locked(ids)
    for row in rows:
        audit(ListenerSkipped.name, actor=actor, reason=reason, **_about(row))
    record(*(ListenerSkipped(**_about(row)) for row in rows), actor=actor)
    ListenerBacklog.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def _locked(ids: Iterable[int]) -> Sequence[ListenerBacklog]:
    return list(ListenerBacklog.objects.select_for_update().filter(pk__in=ids).order_by("pk"))


def _about(row: ListenerBacklog) -> dict[str, Any]:
    return {
        "backlog_id": row.pk,
        "listener": row.listener,
        "subject_kind": row.stream_kind,
        "subject_id": row.stream_id,
        "at_seq": row.seq,
    }
