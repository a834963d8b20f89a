"""Tickets: listed, opened, read, changed."""

from typing import Any

from django.http import Http404
from ninja import Query, Router

from zabota.api.access import READ, WRITE, ApiRequest, agent_of
from zabota.api.answers import POSTED, answers
from zabota.api.changes import find_inbox, read_changes, read_outcome
from zabota.api.cursors import as_time, read_cursor, write_cursor
from zabota.api.once import once
from zabota.api.requests import NewTicket, TicketChanges, TicketQuery
from zabota.api.shapes import TicketOut, TicketPage
from zabota.api.showing import base_of, show_ticket
from zabota.intake.protocol import Address
from zabota.staff.models import Agent
from zabota.tickets.actions import change_ticket
from zabota.tickets.choices import Status
from zabota.tickets.models import Ticket
from zabota.tickets.opening import open_ticket
from zabota.tickets.queries import (
    HEAD,
    VIEWS,
    Position,
    find_ticket,
    newest_words_first,
    tickets_visible_to,
)

router = Router(tags=["tickets"])


@router.get("/tickets", response=answers(TicketPage), auth=READ)
def list_tickets(request: ApiRequest, query: Query[TicketQuery]) -> TicketPage:
    """Tickets the token's agent may see. Scope `tickets:read`.

    With `view`, in its order: newest words first. Without, the newest tickets first, an order that
    stays while you page through it.
    """
    rows = list(_page(agent_of(request), query)[: query.limit + 1])
    shown, more = rows[: query.limit], len(rows) > query.limit
    base = base_of(request)
    return TicketPage(
        items=[show_ticket(row, base) for row in shown],
        next=_cursor(shown[-1], query) if more else None,
    )


def _page(agent: Agent, query: TicketQuery) -> Any:
    rows = tickets_visible_to(agent).select_related(*HEAD)
    if query.status:
        rows = rows.filter(status=Status.of(query.status))
    if query.view:
        rows = rows.filter(VIEWS[query.view].condition(agent.pk))
        return newest_words_first(rows, _position(query.cursor))
    if query.cursor:
        rows = rows.filter(pk__lt=read_cursor(query.cursor, 1)[0])
    return rows.order_by("-pk")


def _position(cursor: str | None) -> Position | None:
    if cursor is None:
        return None
    at, pk = read_cursor(cursor, 2)
    return Position(as_time(at), pk)


def _cursor(last: Ticket, query: TicketQuery) -> str:
    return write_cursor(last.last_message_at, last.pk) if query.view else write_cursor(last.pk)


@router.post("/tickets", response=answers(TicketOut, *POSTED, status=201), auth=WRITE)
@once
def create_ticket(request: ApiRequest, new: NewTicket) -> TicketOut:
    """Open a ticket: write to a customer, or note down what they said. Scope `tickets:write`."""
    agent, customer = agent_of(request), new.customer
    changes = read_changes(new, ("priority", "category", "tags", "assignee"))
    ticket = open_ticket(
        find_inbox(new.inbox),
        Address(customer.email, customer.name),
        new.subject,
        new.text,
        actor=agent,
        to_customer=new.direction == "out",
    )
    change_ticket(ticket, changes, actor=agent)
    return _as_it_is_now(request, ticket)


@router.get("/tickets/{int:number}", response=answers(TicketOut, 404), auth=READ)
def get_ticket(request: ApiRequest, number: int) -> TicketOut:
    """One ticket. Scope `tickets:read`."""
    return show_ticket(found_ticket(request, number), base_of(request))


@router.patch("/tickets/{int:number}", response=answers(TicketOut, 404, 413), auth=WRITE)
def change_ticket_fields(request: ApiRequest, number: int, changes: TicketChanges) -> TicketOut:
    """Change some fields, all or none. Scope `tickets:write`."""
    ticket = found_ticket(request, number)
    outcome = read_outcome(changes, ticket)
    values = read_changes(
        changes, ("subject", "priority", "category", "tags", "status", "assignee", "team")
    )
    change_ticket(ticket, values, actor=agent_of(request), outcome=outcome)
    return _as_it_is_now(request, ticket)


def found_ticket(request: ApiRequest, number: int) -> Ticket:
    """The ticket, or a 404 for what this agent does not see."""
    ticket = find_ticket(agent_of(request), number)
    if ticket is None:
        raise Http404
    return ticket


def _as_it_is_now(request: ApiRequest, ticket: Ticket) -> TicketOut:
    """After a change, even one that took it out of the agent's sight: they see what they did."""
    row = Ticket.objects.select_related(*HEAD).get(pk=ticket.pk)
    return show_ticket(row, base_of(request))
