"""What follows from events: the customer is told we have it; a reply that failed is ours again."""

from collections.abc import Sequence

from zabota.events.record import Happening, record_all
from zabota.events.registry import SYSTEM, Recorded, listener
from zabota.intake.events import DeliveryCancelled, DeliveryFailed
from zabota.tickets.actions import apply_status
from zabota.tickets.bin_events import TicketNotSpam
from zabota.tickets.choices import Status
from zabota.tickets.events import ReplyFailed, ReplySent, TicketEvent, TicketOpened
from zabota.tickets.models import Message, SpamLesson, Ticket
from zabota.tickets.receipts import queue_receipts
from zabota.tickets.spam import learn


@listener(TicketOpened)
def confirm_receipt(events: Sequence[Recorded]) -> None:
    """A receipt for what people wrote now; never to machines, never for an archive."""
    wanted = [
        r.event.ticket_id for r in events if r.event.origin == "live" and not r.event.automatic
    ]
    queue_receipts(wanted)


@listener(TicketNotSpam)
def confirm_rescued(events: Sequence[Recorded]) -> None:
    """Nobody had seen it, and its customer knows nothing of us yet."""
    queue_receipts([r.event.ticket_id for r in events if r.event.was_born])


@listener(ReplySent)
def learn_from_answers(events: Sequence[Recorded]) -> None:
    """What is answered is no spam."""
    tickets = Ticket.objects.filter(pk__in={r.event.ticket_id for r in events}, is_spam=False)
    new = tickets.exclude(pk__in=SpamLesson.objects.values("ticket_id"))
    learn(new.order_by("pk"), is_spam=False)


@listener(DeliveryFailed)
def take_back_failed(events: Sequence[Recorded]) -> None:
    """The customer has not read it: the ticket is open again, with the reason on the message."""
    failed: dict[int, int] = {
        r.event.message_id: r.event.subject_id for r in events if r.event.subject_kind == "ticket"
    }
    alive = Message.objects.filter(pk__in=[m for m in failed if m], undone_at=None)
    for message in alive.order_by("ticket_id", "pk"):
        _take_back(message, [ReplyFailed(ticket_id=message.ticket_id, message_id=message.pk)])


@listener(DeliveryCancelled)
def take_back_cancelled(events: Sequence[Recorded]) -> None:
    """What is not sent answers nobody: the ticket is open again."""
    cancelled = [r.event.message_id for r in events if r.event.subject_kind == "ticket"]
    alive = Message.objects.filter(pk__in=[pk for pk in cancelled if pk], undone_at=None)
    for message in alive.order_by("ticket_id", "pk"):
        _take_back(message, [])


def _take_back(message: Message, happened: list[TicketEvent]) -> None:
    ticket = Ticket.objects.select_for_update(no_key=True).get(pk=message.ticket_id)
    waiting = ticket.status in (Status.PENDING, Status.SOLVED)
    if waiting and (changed := apply_status(ticket, Status.OPEN, None)):
        happened = [*happened, changed]
    record_all([Happening(event, SYSTEM) for event in happened])
