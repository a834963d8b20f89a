"""The same for many rows at once: a few now, thousands in lots by the worker, progress in sight."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import QuerySet

from zabota.core import clock
from zabota.core.database import is_true
from zabota.events.record import touch_screens
from zabota.events.registry import Actor
from zabota.intake.aside import delete_set_aside, let_in, restore_deleted
from zabota.intake.models import Chore
from zabota.intake.outbox import cancel_deliveries, retry_deliveries, uncancel_deliveries
from zabota.staff.models import Agent

ANY_OPEN = "SELECT EXISTS (SELECT FROM intake_chore WHERE finished_at IS NULL)"
LOT = 200
MOST = 100_000


class Kind(NamedTuple):
    """What is done to a lot of ids, giving back how many changed; and what undoes it."""

    work: Callable[..., int]
    undo: str = ""


KINDS: dict[str, Kind] = {
    "let_in": Kind(let_in),
    "delete": Kind(delete_set_aside, undo="restore"),
    "restore": Kind(restore_deleted, undo="delete"),
    "resend": Kind(retry_deliveries),
    "cancel": Kind(cancel_deliveries, undo="uncancel"),
    "uncancel": Kind(uncancel_deliveries),
}


@transaction.atomic
def begin_chore(kind: str, ids: Sequence[int], *, actor: Agent) -> Chore:
    """Do this to all of these: at once if they are few, else the worker goes on with it."""
    chore = Chore.objects.create(
        kind=kind, agent=actor, ids=list(ids)[:MOST], created_at=clock.now()
    )
    if len(ids) <= LOT:
        _do_lot(chore)
    else:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('intake', '')")
    return chore


def undo_chore(chore: Chore, *, actor: Agent) -> Chore | None:
    """The chore that undoes this one, begun; None if it cannot be undone."""
    kind = KINDS[chore.kind].undo
    return begin_chore(kind, chore.ids, actor=actor) if kind else None


def go_on_with_chores() -> bool:
    """One lot of the oldest chore that is open; False if there is none."""
    return is_true(ANY_OPEN) and _go_on()


@transaction.atomic
def _go_on() -> bool:
    rows = Chore.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
    chore = rows.filter(finished_at=None).order_by("pk").first()
    if chore is not None:
        _do_lot(chore)
    return chore is not None


def _do_lot(chore: Chore) -> None:
    lot = chore.ids[chore.done : chore.done + LOT]
    if lot:
        actor = Actor("agent", chore.agent_id)
        chore.changed += KINDS[chore.kind].work(lot, actor=actor)
        chore.done += len(lot)
    if chore.done >= len(chore.ids):
        chore.finished_at = clock.now()
    chore.save(update_fields=["done", "changed", "finished_at"])
    touch_screens("inbound", 0)  # whoever looks after the intake sees it get on


def open_chores() -> QuerySet[Chore]:
    """What is under way, oldest first."""
    return Chore.objects.filter(finished_at=None).order_by("pk")
