"""Holds: while one is open nothing is sent. Letters wait, the screens say so, nothing is lost."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet

from zabota.core import clock
from zabota.events.record import Happening, record_all
from zabota.events.registry import SYSTEM, Actor
from zabota.intake.events import HoldOpened, HoldReleased
from zabota.intake.models import Delivery, Hold

WAITING = (Delivery.State.QUEUED, Delivery.State.SENDING)
OPEN = """
INSERT INTO intake_hold (cause, reason, since, released_by_id)
VALUES (%s, %s, %s, NULL) ON CONFLICT DO NOTHING RETURNING id
"""


def open_holds() -> QuerySet[Hold]:
    """The holds nobody has released, oldest first."""
    return Hold.objects.filter(released_at=None).order_by("since")


@transaction.atomic
def open_hold(cause: Hold.Cause, reason: str = "", *, actor: Actor = SYSTEM) -> bool:
    """Send nothing from now on; False if it is held for this cause already."""
    with connection.cursor() as cursor:
        cursor.execute(OPEN, [cause, reason[:2000], clock.now()])
        row = cursor.fetchone()
    if row is not None:
        record_all([Happening(HoldOpened(hold_id=row[0], cause=cause), actor)])
    return row is not None


@transaction.atomic
def release_holds(*, agent_id: int | None = None, causes: Iterable[Hold.Cause] = ()) -> int:
    """Send again: end every hold, or those of these causes; give back how many ended."""
    rows = open_holds().filter(cause__in=list(causes)) if causes else open_holds()
    ended = list(rows.select_for_update().values_list("pk", "cause"))
    Hold.objects.filter(pk__in=[pk for pk, _ in ended]).update(
        released_at=clock.now(), released_by_id=agent_id
    )
    actor = Actor("agent", agent_id) if agent_id else SYSTEM
    record_all([Happening(HoldReleased(hold_id=pk, cause=cause), actor) for pk, cause in ended])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('deliveries', '')")
    return len(ended)


@transaction.atomic
def cancel_waiting(before: datetime) -> int:
    """Never send what was queued before this moment and has not left; how many that were."""
    rows = Delivery.objects.filter(state__in=WAITING, created_at__lt=before)
    return rows.update(state=Delivery.State.CANCELLED, finished_at=clock.now())
