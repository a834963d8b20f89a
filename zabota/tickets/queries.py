"""What an agent may see: every query starts from permission."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import FilteredRelation, Q, QuerySet
from django.utils.translation import pgettext_lazy

from zabota.core.literal import Literal
from zabota.core.statements import Statement, in_words
from zabota.customers.models import Customer
from zabota.staff.models import Agent
from zabota.staff.permissions import Scope
from zabota.tickets.choices import OPEN_WORK, Status
from zabota.tickets.models import Attachment, Message, Note, Ticket
from zabota.tickets.permissions import Eyes, Whose, eyes_of, reach, reaches

PAGE = 50
MOST_COUNTED = 1000
STATEMENTS = 4096  # of two kilobytes each
OPEN = Q(status__lt=Literal(OPEN_WORK))
SOLVED = Q(status=Literal(Status.SOLVED))
COUNTS = """
SELECT count(*) FILTER (WHERE seen.assignee_id = %s),
       count(*) FILTER (WHERE seen.assignee_id IS NULL), count(*),
       (SELECT count(*) FROM ({solved}) AS solved)
FROM ({open}) AS seen
"""
# For each change, so it is ready.
WHOSE = """
SELECT number, ticket.team_id, assignee_id, inbox.team_id FROM tickets_ticket AS ticket
LEFT JOIN intake_inbox AS inbox ON inbox.id = inbox_id
WHERE ticket.id = ANY(%s) AND deleted_at IS NULL ORDER BY ticket.id
"""
HEAD = ("customer", "identity", "assignee", "team", "category", "inbox", "brand", "follows")


def tickets_visible_to(agent: Agent, permission: str = "ticket.view") -> QuerySet[Ticket]:
    """Every ticket this agent's permission reaches, without those in the bin."""
    return _seen_by(eyes_of(agent, permission))


def _seen_by(eyes: Eyes) -> QuerySet[Ticket]:
    condition = reach(eyes)
    if condition is None:
        return Ticket.objects.none()
    return Ticket.objects.filter(condition, deleted_at=None)


def find_ticket(agent: Agent, number: int) -> Ticket | None:
    """The ticket with this number and everything its head shows, in one query."""
    rows = tickets_visible_to(agent).select_related(*HEAD)
    return rows.filter(number=number).first()


@dataclass(frozen=True, slots=True)
class View:
    """A list of tickets with a name of its own; its condition takes the id of who looks."""

    slug: str
    name: Any
    icon: str
    condition: Callable[[int], Q]


VIEWS: Mapping[str, View] = {
    view.slug: view
    for view in (
        View("mine", pgettext_lazy("view", "Mine"), "user", lambda me: OPEN & Q(assignee=me)),
        View(
            "unassigned",
            pgettext_lazy("view", "Unassigned"),
            "inbox",
            lambda me: OPEN & Q(assignee=None),
        ),
        View("open", pgettext_lazy("view", "All open"), "users", lambda me: OPEN),
        View(
            "solved",
            pgettext_lazy("view", "Solved"),
            "check",
            lambda me: SOLVED,
        ),
    )
}


class TicketRow(NamedTuple):
    """What one line of a list shows."""

    id: int
    number: int
    subject: str
    status: int
    priority: int
    channel: str
    tags: list[str]
    last_words: str
    last_author: int
    last_message_at: datetime
    customer_id: int
    customer_name: str
    address: str
    assignee_id: int | None
    assignee_name: str | None
    seen_at: datetime | None

    @property
    def is_unread(self) -> bool:
        return self.seen_at is None or self.seen_at < self.last_message_at


ROW = (
    *TicketRow._fields[:11],
    "customer__name",
    "identity__value",
    "assignee_id",
    "assignee__name",
    "seen__seen_at",
)


class Position(NamedTuple):
    """Where a page of a list ends; the next begins after it."""

    last_message_at: datetime
    id: int


def list_tickets(
    agent: Agent, view: View, *, after: Position | None = None, limit: int = PAGE
) -> list[TicketRow]:
    """One page of a view, newest words first. Costs the same on any page and at any size."""
    if after is None and limit == PAGE:
        statement = _first_page(eyes_of(agent), view.slug)
        return [TicketRow(*row) for row in statement.ask()] if statement else []
    rows = tickets_visible_to(agent).filter(view.condition(agent.pk))
    return page_of(rows, agent, after=after, limit=limit)


@lru_cache(STATEMENTS)
def _first_page(eyes: Eyes, slug: str) -> Statement | None:
    rows = _seen_by(eyes).filter(VIEWS[slug].condition(eyes.agent_id))
    return in_words(_as_rows(rows, eyes.agent_id)[:PAGE])


def page_of(
    tickets: QuerySet[Ticket], agent: Agent, *, after: Position | None = None, limit: int = PAGE
) -> list[TicketRow]:
    """These tickets as rows for this agent, newest words first."""
    return [TicketRow(*row) for row in _as_rows(tickets, agent.pk, after)[:limit]]


def _as_rows(
    tickets: QuerySet[Ticket], agent_id: int, after: Position | None = None
) -> QuerySet[Ticket, tuple[Any, ...]]:
    mine = FilteredRelation("seen_by", condition=Q(seen_by__agent=agent_id))
    return newest_words_first(tickets, after).annotate(seen=mine).values_list(*ROW)


def newest_words_first(
    tickets: QuerySet[Ticket], after: Position | None = None
) -> QuerySet[Ticket]:
    """These tickets in the order of a view, from after this position on."""
    if after:
        tickets = tickets.extra(  # Django has no comparison of rows
            where=["(tickets_ticket.last_message_at, tickets_ticket.id) < (%s, %s)"],
            params=[after.last_message_at, after.id],
        )
    return tickets.order_by("-last_message_at", "-id")


def count_views(agent: Agent) -> dict[str, int]:
    """How many tickets each view holds for this agent; `MOST_COUNTED` means that many or more."""
    statement = _counts(eyes_of(agent))
    counts = statement.ask()[0] if statement else (0, 0, 0, 0)
    return dict(zip(("mine", "unassigned", "open", "solved"), counts, strict=True))


@lru_cache(STATEMENTS)
def _counts(eyes: Eyes) -> Statement | None:
    visible = _seen_by(eyes)
    found = in_words(visible.filter(OPEN).values_list("assignee_id"))
    newest = visible.filter(SOLVED).order_by("-last_message_at", "-id").values_list("pk")
    solved = in_words(newest[:MOST_COUNTED])
    if found is None or solved is None:
        return None
    sql = COUNTS.format(open=found.sql, solved=solved.sql)
    return Statement(sql, (eyes.agent_id, *solved.values, *found.values))


def tickets_of_customer(agent: Agent, customer_id: int, limit: int = 20) -> list[Ticket]:
    """A customer's tickets, newest first, as far as the agent may see them."""
    rows = tickets_visible_to(agent).filter(customer_id=customer_id)
    return list(rows.order_by("-id")[:limit])


def customers_visible_to(agent: Agent) -> QuerySet[Customer]:
    """Customers whose card this agent may see: all, or those with a ticket in reach."""
    match agent.scope("customer.view"):
        case Scope.NONE:
            return Customer.objects.none()
        case Scope.ALL:
            return Customer.objects.all()
    return Customer.objects.filter(pk__in=tickets_visible_to(agent).values("customer_id"))


def messages_visible_to(agent: Agent) -> QuerySet[Message]:
    """Messages of visible tickets, without those taken back."""
    return Message.objects.filter(ticket__in=tickets_visible_to(agent), undone_at=None)


def notes_visible_to(agent: Agent) -> QuerySet[Note]:
    """Notes of visible tickets."""
    return Note.objects.filter(ticket__in=tickets_visible_to(agent))


class Place(NamedTuple):
    """A place in a conversation; `kind` is 0 for a message, 1 for a note."""

    at: datetime
    kind: int
    id: int


def list_words(
    agent: Agent, ticket: Ticket, *, after: Place | None = None, limit: int = PAGE
) -> list[Message | Note]:
    """Messages and notes of a ticket together, oldest first, with their files and authors."""
    spoken = messages_visible_to(agent).filter(ticket=ticket)
    noted = notes_visible_to(agent).filter(ticket=ticket)
    words = [*_oldest_first(spoken, after)[:limit], *_oldest_first(noted, after)[:limit]]
    return sorted(words, key=place_of)[:limit]


def place_of(words: Message | Note) -> Place:
    """Where these words stand in their conversation."""
    return Place(words.created_at, int(isinstance(words, Note)), words.pk)


def _oldest_first(rows: QuerySet[Any], after: Place | None) -> QuerySet[Any]:
    table, kind = rows.model._meta.db_table, int(rows.model is Note)
    if after:
        rows = rows.extra(  # noqa: S610  put together from the models' own names
            where=[f"({table}.created_at, {kind}, {table}.id) > (%s, %s, %s)"], params=[*after]
        )
    return rows.select_related("agent").prefetch_related("attachments").order_by("created_at", "id")


def attachments_visible_to(agent: Agent) -> QuerySet[Attachment]:
    """Files of visible tickets."""
    rows = Attachment.objects.filter(ticket__in=tickets_visible_to(agent))
    return rows.select_related("blob")


def numbers_visible_to_each(
    readers: Sequence[Eyes], ticket_ids: Sequence[int]
) -> dict[int, list[int]]:
    """Which of these tickets each agent may see, numbers by the agent's id, for live screens.

    One query, however many they are.
    """
    found = Statement(WHOSE, (list(ticket_ids),)).ask()
    tickets = [(number, Whose(*whose)) for number, *whose in found]
    return {eyes.agent_id: [n for n, whose in tickets if reaches(eyes, whose)] for eyes in readers}
