"""What people do with deliveries that wait or failed: try again, cancel, take that back."""

import json
from collections.abc import Callable, Sequence

from django.db import connection, transaction

from zabota.core import clock
from zabota.events.record import Happening, record_all, touch_screens
from zabota.events.registry import Actor
from zabota.intake.events import DeliveryCancelled
from zabota.intake.models import Delivery
from zabota.intake.protocol import Address

State = Delivery.State
RETURNED = "RETURNING id, stream_kind, stream_id, message_id, is_automatic"
# A lease is let be: its sender is at work, or dead, and then it is due again by itself.
AGAIN = f"""
UPDATE intake_delivery SET state = 0, due_at = %s, attempts = 0, error = '', finished_at = NULL
WHERE id = ANY(%s) AND state IN (0, 3) {RETURNED}
"""  # noqa: S608  put together from constants
CANCEL = f"""
UPDATE intake_delivery SET state = 4, finished_at = %s
WHERE id = ANY(%s) AND state IN (0, 3) {RETURNED}
"""  # noqa: S608
# What had failed has failed again; what waited goes on waiting.
UNCANCEL = f"""
UPDATE intake_delivery SET state = CASE WHEN attempts > 0 AND error <> '' THEN 3 ELSE 0 END,
  finished_at = %s WHERE id = ANY(%s) AND state = 4 {RETURNED}
"""  # noqa: S608
REDIRECT = f"""
UPDATE intake_delivery SET state = 0, due_at = %s, attempts = 0, error = '', finished_at = NULL,
  recipient = %s, payload = payload || %s::jsonb
WHERE id = ANY(%s) AND state IN (0, 3) AND error <> '' {RETURNED}
"""  # noqa: S608
Row = tuple[int, str, int, int | None, bool]


@transaction.atomic
def retry_deliveries(ids: Sequence[int], *, actor: Actor) -> int:
    """Queue failed or waiting deliveries anew, at once; how many."""
    return len(_change(AGAIN, ids, _look_again))


@transaction.atomic
def redirect_delivery(pk: int, to: Address, reply_to: str | None, *, actor: Actor) -> bool:
    """Send a letter that did not arrive to another address, at once; False if none of that is so.

    `reply_to` is where an answer from there comes back. Whoever asks records why.
    """
    changed = json.dumps({"to": [[to.value, to.name]], "reply_to": reply_to})
    return bool(_change(REDIRECT, [pk], _look_again, to.value, changed))


@transaction.atomic
def cancel_deliveries(ids: Sequence[int], *, actor: Actor) -> int:
    """Never send these; how many. Each ends in an event, and its ticket is open again."""

    def tell(rows: Sequence[Row]) -> None:
        record_all([Happening(_cancelled(row), actor) for row in rows])

    return len(_change(CANCEL, ids, tell))


@transaction.atomic
def uncancel_deliveries(ids: Sequence[int], *, actor: Actor) -> int:
    """Put back into the outbox what was cancelled; how many."""
    return len(_change(UNCANCEL, ids, _look_again))


def withdraw_automatic(ticket_ids: Sequence[int]) -> None:
    """Receipts of these tickets that have not left never will: spam gets none."""
    rows = Delivery.objects.filter(stream_kind="ticket", stream_id__in=ticket_ids)
    waiting = rows.filter(is_automatic=True, state=State.QUEUED)
    waiting.update(state=State.CANCELLED, finished_at=clock.now())


def _change(
    statement: str, ids: Sequence[int], tell: Callable[[Sequence[Row]], None], *values: str
) -> Sequence[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [clock.now(), *values, list(ids)])
        rows: list[Row] = cursor.fetchall()
    tell(rows)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('deliveries', '')")
    return rows


def _look_again(rows: Sequence[Row]) -> None:
    for kind, pk in {(row[1], row[2]) for row in rows}:
        touch_screens(kind, pk)


def _cancelled(row: Row) -> DeliveryCancelled:
    pk, kind, subject, message, automatic = row
    return DeliveryCancelled(
        delivery_id=pk,
        subject_kind=kind,
        subject_id=subject,
        message_id=message,
        automatic=automatic,
    )
