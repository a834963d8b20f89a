"""Holds: while one is open nothing is sent. Letters wait, the screens say so, nothing is lost."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet

from zabota.core import clock
from zabota.intake.models import Delivery, Hold

WAITING = (Delivery.State.QUEUED, Delivery.State.SENDING)


def open_holds() -> QuerySet[Hold]:
    """The holds nobody has released, oldest first."""
    return Hold.objects.filter(released_at=None).order_by("since")


def open_hold(cause: Hold.Cause, reason: str = "") -> bool:
    """Send nothing from now on; False if it is held for this cause already."""
    rows = [Hold(cause=cause, reason=reason[:2000], since=clock.now())]
    before = open_holds().filter(cause=cause).exists()
    Hold.objects.bulk_create(rows, ignore_conflicts=True)
    return not before


@transaction.atomic
def release_holds(*, agent_id: int | None = None, causes: Iterable[Hold.Cause] = ()) -> int:
    """Send again: end every hold, or those of these causes; give back how many ended."""
    rows = open_holds().filter(cause__in=list(causes)) if causes else open_holds()
    released = rows.update(released_at=clock.now(), released_by_id=agent_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('deliveries', '')")
    return released


@transaction.atomic
def cancel_waiting(before: datetime) -> int:
    """Never send what was queued before this moment and has not left; how many that were."""
    rows = Delivery.objects.filter(state__in=WAITING, created_at__lt=before)
    return rows.update(state=Delivery.State.CANCELLED, finished_at=clock.now())
