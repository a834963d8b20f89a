"""Which ticket goes on where one that is over ended."""

from collections.abc import Iterable

from zabota.tickets.choices import Status
from zabota.tickets.models import Ticket


def is_over(ticket: Ticket) -> bool:
    """Whether a person's answer to it opens a follow-up: closed or deleted, but spam stays spam."""
    return not ticket.is_spam and (ticket.status == Status.CLOSED or ticket.deleted_at is not None)


def follow_ups_of(tickets: Iterable[Ticket]) -> dict[int, Ticket]:
    """The newest follow-up that is not over of each of these tickets, by their id; locked.

    Two answers to one closed ticket are one conversation.
    """
    over = [ticket.pk for ticket in tickets if is_over(ticket)]
    if not over:
        return {}
    rows = Ticket.objects.select_for_update(no_key=True).filter(follows__in=over, deleted_at=None)
    rows = rows.exclude(status=Status.CLOSED).order_by("pk")
    return {ticket.follows_id: ticket for ticket in rows if ticket.follows_id}
