"""Tickets as lists show them: a view, a customer's, what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from zabota.intake.registry import CHANNELS
from zabota.staff.models import Agent
from zabota.tickets.choices import AuthorKind, Status
from zabota.tickets.queries import PAGE, Position, TicketRow, View, list_tickets
from zabota.tickets.search import Hit
from zabota.workspace.context.rows import Row


class Mark(NamedTuple):
    """How a channel is drawn and called."""

    icon: str
    label: str


def channel_mark(kind: str) -> Mark:
    """Of this channel; the tickets of a removed one keep a letter and its bare name."""
    channel = CHANNELS.get(kind)
    return Mark(channel.icon, channel.label) if channel else Mark("mail", kind)


def as_rows(tickets: Sequence[TicketRow], agent: Agent, came_from: str = "") -> list[Row]:
    """Ready to be drawn; `came_from` is the view whose list stays beside an opened ticket."""
    base = reverse("ticket", args=[0]).removesuffix("0")
    tail = f"?view={came_from}" if came_from else ""
    icons = {t.channel: channel_mark(t.channel).icon for t in tickets}
    statuses = {status.value: str(status.label) for status in Status}
    return [
        Row(
            number=t.number,
            url=f"{base}{t.number}{tail}",
            name=t.customer_name or t.address,
            subject=t.subject or no_subject(),
            words=_words(t),
            at=t.last_message_at,
            channel_icon=icons[t.channel],
            tags=tuple(t.tags),
            status_words=statuses[t.status],
            assignee=t.assignee_name or "",
            mine=t.assignee_id == agent.pk,
            unread=t.is_unread and t.last_author != AuthorKind.AGENT,
            waiting=t.status == Status.PENDING,
        )
        for t in tickets
    ]


def no_subject() -> str:
    """What stands where a subject is missing."""
    return _("(no subject)")


def _words(ticket: TicketRow) -> str:
    said = ticket.last_words
    return _("We: %(words)s") % {"words": said} if ticket.last_author == AuthorKind.AGENT else said


def write_position(row: TicketRow) -> str:
    """Where a page of a list ends, for an address."""
    return f"{row.last_message_at.isoformat()}~{row.id}"


def read_position(text: str) -> Position | None:
    """The same read back; None if it was not written here."""
    at, _sep, pk = text.partition("~")
    try:
        return Position(datetime.fromisoformat(at.replace(" ", "+")), int(pk))
    except ValueError:
        return None


def ticket_list(agent: Agent, view: View, *, after: str = "", selected: int = 0) -> dict[str, Any]:
    """One page of a view; its count is the rail's."""
    found = list_tickets(agent, view, after=read_position(after), limit=PAGE)
    return {
        "view": view,
        "rows": as_rows(found, agent, view.slug),
        "selected": selected,
        "older": write_position(found[-1]) if len(found) == PAGE else "",
        "is_first_page": not after,
    }


@dataclass(frozen=True, slots=True)
class FoundTicket:
    """A ticket with the words found in it."""

    number: int
    name: str
    subject: str
    channel_icon: str
    snippet: str
    at: datetime


def as_hits(hits: Sequence[Hit]) -> list[FoundTicket]:
    """What was found, ready to be drawn."""
    return [
        FoundTicket(
            number=hit.ticket.number,
            name=hit.ticket.customer.name,
            subject=hit.ticket.subject or no_subject(),
            channel_icon=channel_mark(hit.ticket.channel).icon,
            snippet=hit.snippet,
            at=hit.said_at,
        )
        for hit in hits
    ]
