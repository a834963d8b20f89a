"""Going out: a transactional outbox with leases, back-off and dead letters in sight.

Deliveries are their own queue, as the ledger is for what comes in: one row per message, leased by
the process that sends it. A process killed between sending and noting it is the one case where a
customer can get something twice, and then with the same id.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Q

from zabota.core import clock
from zabota.core.database import is_away
from zabota.core.rows import insert_rows
from zabota.customers.actions import mark_bounced
from zabota.events.record import record, touch_screens
from zabota.events.registry import SYSTEM
from zabota.files.actions import open_blob
from zabota.files.models import Blob
from zabota.intake.brake import Brake
from zabota.intake.events import DeliveryFailed, DeliverySent
from zabota.intake.models import Delivery, Inbox
from zabota.intake.protocol import (
    USUAL,
    Address,
    NotConfigured,
    OutboundFile,
    OutboundMessage,
    SendFailed,
)
from zabota.intake.registry import channel_of
from zabota.intake.returns import Report, is_about_address, return_token, token_delivery

log = logging.getLogger("zabota.deliveries")

Done = TypeVar("Done")
LEASE = timedelta(minutes=5)
WAIT = timedelta(days=1)  # a mail server is named by a new start, and that wakes what waits
_brake = Brake()
PAUSES = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 480, 720, 1440)]

# Asked at every turn of every sender; states are literals, so that `delivery_due` is used.
DUE = """
FROM intake_delivery WHERE state IN (0, 1)
  AND NOT EXISTS (SELECT FROM intake_hold WHERE released_at IS NULL)
"""
LEASE_NEXT = f"""
UPDATE intake_delivery SET state = 1, due_at = %s, attempts = attempts + 1
WHERE id = (SELECT id {DUE} AND due_at <= %s ORDER BY due_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING *
"""  # noqa: S608
NEXT_DUE = f"SELECT min(due_at) {DUE}"


@dataclass(frozen=True, slots=True)
class FileRef:
    """An attachment of a delivery that is not sent yet."""

    blob_id: int
    filename: str
    content_type: str


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """What to send, about what, from which inbox, not before when."""

    inbox: Inbox
    message: OutboundMessage
    subject_kind: str
    subject_id: int
    message_id: int | None = None
    due_at: datetime | None = None
    files: tuple[FileRef, ...] = ()


def queue_deliveries(new: Sequence[NewDelivery]) -> list[Delivery]:
    """Queue these in the caller's transaction; senders wake when it commits."""
    rows = [_row(n) for n in new]
    insert_rows(rows)
    if rows:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('deliveries', '')")
    return rows


def _row(new: NewDelivery) -> Delivery:
    now = clock.now()
    return Delivery(
        channel=new.inbox.channel,
        inbox=new.inbox,
        stream_kind=new.subject_kind,
        stream_id=new.subject_id,
        message_id=new.message_id,
        recipient=new.message.to[0].value,
        is_automatic=new.message.automatic,
        external_id=new.message.external_id,
        payload=_freeze(new.message, new.files, now),
        due_at=new.due_at or now,
        created_at=now,
    )


def _freeze(message: OutboundMessage, files: Iterable[FileRef], now: datetime) -> dict[str, Any]:
    def people(addresses: Iterable[Address]) -> list[list[str]]:
        return [[a.value, a.name] for a in addresses]

    return {
        "sender": [message.sender.value, message.sender.name],
        "to": people(message.to),
        "cc": people(message.cc),
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "reply_to": message.reply_to,
        "in_reply_to": message.in_reply_to,
        "references": list(message.references),
        "created_at": (message.created_at or now).isoformat(),
        "files": [[f.blob_id, f.filename, f.content_type] for f in files],
    }


def _thaw(row: Delivery) -> OutboundMessage:
    data = row.payload
    blobs = Blob.objects.in_bulk([pk for pk, _, _ in data["files"]])
    return OutboundMessage(
        external_id=row.external_id,
        sender=Address(*data["sender"]),
        to=tuple(Address(*a) for a in data["to"]),
        cc=tuple(Address(*a) for a in data["cc"]),
        subject=data["subject"],
        text=data["text"],
        html=data["html"],
        reply_to=data["reply_to"],
        in_reply_to=data["in_reply_to"],
        references=tuple(data["references"]),
        automatic=row.is_automatic,
        created_at=datetime.fromisoformat(data["created_at"]),
        files=tuple(_read(blobs[pk], name, kind) for pk, name, kind in data["files"]),
        return_token=return_token(row.pk),
    )


def _read(blob: Blob, filename: str, content_type: str) -> OutboundFile:
    with open_blob(blob) as file:
        return OutboundFile(filename, content_type, file.read())


def send_next() -> bool:
    """Send the delivery due longest; False if none is due. Call outside transactions."""
    _brake.check()
    row = _lease()
    if row is None:
        return False
    try:
        channel_of(row.channel).send(_surely(lambda: _thaw(row)))
    except NotConfigured:
        _wait(row)
    except SendFailed as error:
        _fail(row, str(error), retry=error.retry)
    except Exception as error:
        if is_away(error):  # the lease ends, then it is tried again
            raise
        log.exception("delivery %s", row.pk)
        _fail(row, f"{type(error).__name__}: {error}", retry=True)
    else:
        _surely(lambda: _finish(row, Delivery.State.SENT, ""))
    return True


def _surely(work: Callable[[], Done]) -> Done:
    """Do it as soon as the database is there: a letter that is out would else go out again."""
    until = time.monotonic() + LEASE.total_seconds() / 2
    while True:
        try:
            return work()
        except Exception as error:
            if not is_away(error) or time.monotonic() > until:
                raise
        connection.close()
        time.sleep(0.2)


def _lease() -> Delivery | None:
    """Mark one as being sent; a lease that ran out means its sender died, so it is due again."""
    now = clock.now()
    return next(iter(Delivery.objects.raw(LEASE_NEXT, [now + LEASE, now])), None)


def _wait(row: Delivery) -> None:
    """Nothing to send with: no try is used up."""
    row.state, row.is_waiting = Delivery.State.QUEUED, True
    row.attempts -= 1
    row.due_at = clock.now() + WAIT
    row.save(update_fields=["state", "is_waiting", "due_at", "attempts"])
    touch_screens(row.stream_kind, row.stream_id)


def _fail(row: Delivery, reason: str, *, retry: bool) -> None:
    if not retry or row.attempts > len(PAUSES):
        _finish(row, Delivery.State.FAILED, reason)
        return
    row.state, row.is_waiting, row.error = Delivery.State.QUEUED, False, reason[:2000]
    row.due_at = clock.now() + PAUSES[row.attempts - 1]
    row.save(update_fields=["state", "is_waiting", "error", "due_at"])
    touch_screens(row.stream_kind, row.stream_id)


@transaction.atomic
def _finish(row: Delivery, state: Delivery.State, error: str) -> None:
    row.state, row.error, row.is_waiting = state, error[:2000], False
    row.finished_at = clock.now()
    row.save(update_fields=["state", "error", "is_waiting", "finished_at"])
    kind = DeliverySent if state == Delivery.State.SENT else DeliveryFailed
    if state == Delivery.State.FAILED and is_about_address(error):
        mark_bounced((USUAL, row.recipient), error)
    record(
        kind(
            delivery_id=row.pk,
            subject_kind=row.stream_kind,
            subject_id=row.stream_id,
            message_id=row.message_id,
            automatic=row.is_automatic,
        ),
        actor=SYSTEM,
    )


@transaction.atomic
def cancel_delivery(message_id: int) -> bool:
    """Take back a message nobody has begun to send; False if it is too late."""
    rows = Delivery.objects.filter(message_id=message_id, state=Delivery.State.QUEUED, attempts=0)
    return bool(rows.update(state=Delivery.State.CANCELLED, finished_at=clock.now()))


@transaction.atomic
def fail_bounced(external_ids: Iterable[str], tokens: Iterable[str], report: Report) -> None:
    """The other side sent back what it had taken: the delivery failed after all.

    A token of ours says which one it was; else the id of the message does. What is only late has
    not failed.
    """
    if not report.is_final:
        return
    pk = token_delivery(tokens)
    which = Q(pk=pk) if pk else Q(external_id__in=list(external_ids))
    rows = Delivery.objects.select_for_update().filter(which, state=Delivery.State.SENT)
    for row in rows:
        _finish(row, Delivery.State.FAILED, str(report))


def next_due() -> datetime | None:
    """When the next delivery falls due, or None if none waits or all are held."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_DUE)
        row: tuple[datetime | None] = cursor.fetchone()
    return row[0]


def wake_waiting() -> None:
    """At start: what waited for a mail server is due now, in case there is one."""
    Delivery.objects.filter(state=Delivery.State.QUEUED, is_waiting=True).update(due_at=clock.now())
