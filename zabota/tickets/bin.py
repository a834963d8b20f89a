"""Spam and the bin: out of sight for 30 days, then gone; the ledger stops it coming back.

Both are `deleted_at`, so that every visible-to query hides them; `is_spam` says which it is.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from zabota.core import clock
from zabota.events.record import Happening, record_all, touch_screens
from zabota.events.registry import SYSTEM
from zabota.files.dropping import drop_blobs
from zabota.intake.aside import forget_applied
from zabota.intake.models import Delivery
from zabota.intake.outbox import withdraw_automatic
from zabota.staff.models import Agent
from zabota.tickets.actions import as_actor
from zabota.tickets.bin_events import (
    TicketDeleted,
    TicketMarkedSpam,
    TicketNotSpam,
    TicketPurged,
    TicketRestored,
)
from zabota.tickets.events import TicketEvent
from zabota.tickets.models import Attachment, Message, Ticket
from zabota.tickets.permissions import eyes_of, reach
from zabota.tickets.queries import tickets_visible_to
from zabota.tickets.spam import learn

KEPT = timedelta(days=30)
MOST = 1000


def bin_visible_to(agent: Agent, *, spam: bool) -> QuerySet[Ticket]:
    """Spam for who may change tickets, the bin for who may delete them, as far as that reaches."""
    condition = reach(eyes_of(agent, "ticket.edit" if spam else "ticket.delete"))
    if condition is None:
        return Ticket.objects.none()
    return Ticket.objects.filter(condition, deleted_at__isnull=False, is_spam=spam)


@transaction.atomic
def mark_spam(numbers: Iterable[int], *, actor: Agent) -> list[Ticket]:
    """Hide these tickets as spam and learn from them; those the agent may not edit are let be."""
    rows = _locked(tickets_visible_to(actor, "ticket.edit").filter(number__in=list(numbers)))
    now = clock.now()
    Ticket.objects.filter(pk__in=[t.pk for t in rows]).update(is_spam=True, deleted_at=now)
    learn(rows, is_spam=True)
    withdraw_automatic([t.pk for t in rows])
    _tell([TicketMarkedSpam(ticket_id=t.pk) for t in rows], actor)
    return rows


@transaction.atomic
def delete_tickets(numbers: Iterable[int], *, actor: Agent) -> list[Ticket]:
    """Put these tickets into the bin; those the agent may not delete are let be."""
    rows = _locked(tickets_visible_to(actor, "ticket.delete").filter(number__in=list(numbers)))
    Ticket.objects.filter(pk__in=[t.pk for t in rows]).update(deleted_at=clock.now())
    _tell([TicketDeleted(ticket_id=t.pk) for t in rows], actor)
    return rows


@transaction.atomic
def bring_back(numbers: Iterable[int], *, actor: Agent) -> list[Ticket]:
    """Spam is none after all, and that is learned; what was deleted is there again."""
    wanted, reached = list(numbers), Q(pk__in=[])
    for spam in (True, False):
        reached |= Q(pk__in=bin_visible_to(actor, spam=spam).values("pk"))
    rows = _locked(Ticket.objects.filter(reached, number__in=wanted))
    events: list[TicketEvent] = []
    for ticket in rows:
        born = ticket.deleted_at == ticket.created_at
        events.append(
            TicketNotSpam(ticket_id=ticket.pk, was_born=born)
            if ticket.is_spam
            else TicketRestored(ticket_id=ticket.pk)
        )
    learn([ticket for ticket in rows if ticket.is_spam], is_spam=False)
    Ticket.objects.filter(pk__in=[t.pk for t in rows]).update(is_spam=False, deleted_at=None)
    _tell(events, actor)
    return rows


def _locked(rows: QuerySet[Ticket]) -> list[Ticket]:
    return list(rows.select_for_update(of=("self",), no_key=True).order_by("pk")[:MOST])


def _tell(events: Sequence[TicketEvent], actor: Agent) -> None:
    """Lists have to look again: who may not see a ticket any more hears nothing of it."""
    record_all([Happening(event, as_actor(actor)) for event in events])
    if events:
        touch_screens("lists", 0)


@transaction.atomic
def purge_bin(before: datetime, *, limit: int = 100) -> int:
    """Housekeeping: what lies there since before this moment goes for good; how many tickets.

    Rows and files go, each file with the last one who needs it. The ledger keeps id and hash.
    """
    old = Ticket.objects.select_for_update(skip_locked=True).filter(deleted_at__lt=before)
    ids = list(old.order_by("deleted_at").values_list("pk", flat=True)[:limit])
    if not ids:
        return 0
    messages = Message.objects.filter(ticket__in=ids)
    inbound = [pk for pk in messages.values_list("inbound_id", flat=True) if pk]
    blobs = list(Attachment.objects.filter(ticket__in=ids).values_list("blob_id", flat=True))
    record_all([Happening(TicketPurged(ticket_id=pk), SYSTEM) for pk in ids])
    Delivery.objects.filter(stream_kind="ticket", stream_id__in=ids).delete()
    Ticket.objects.filter(pk__in=ids).delete()
    drop_blobs(blobs)
    forget_applied(inbound)
    return len(ids)
