"""From names on the wire to the values actions take."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Model, QuerySet
from pydantic import BaseModel

from zabota.api.problems import wrong_field
from zabota.api.requests import TicketChanges
from zabota.company.models import Category
from zabota.intake.models import Inbox
from zabota.staff.models import Agent, Team
from zabota.tickets.choices import OPEN_WORK, Outcome, Priority, Status
from zabota.tickets.models import Ticket


def _named(field: str, rows: QuerySet[Any], by: str) -> Callable[[str | None], Model | None]:
    def find(name: str | None) -> Model | None:
        if name is None:
            return None
        found: Model | None = rows.filter(**{by: name}).first()
        if found is None:
            raise wrong_field(field, f"There is no {field} {name}")
        return found

    return find


READ: dict[str, Callable[[Any], Any]] = {
    "subject": str,
    "tags": list,
    "status": Status.of,
    "priority": Priority.of,
    "category": _named("category", Category.objects.all(), "slug"),
    "team": _named("team", Team.objects.all(), "slug"),
    "assignee": _named("assignee", Agent.objects.filter(is_active=True), "email__iexact"),
}


def read_changes(body: BaseModel, fields: Iterable[str]) -> dict[str, Any]:
    """Those of the fields that were sent, as `change_ticket` takes them. Raises `Refused`."""
    sent = body.model_fields_set
    return {name: READ[name](getattr(body, name)) for name in fields if name in sent}


def read_outcome(changes: TicketChanges, ticket: Ticket) -> Outcome | None:
    """The outcome, if one was sent; without a status it is for the one a finished ticket has."""
    if changes.outcome is None:
        return None
    if changes.status is None and ticket.status >= OPEN_WORK:
        changes.status = "closed" if ticket.status == Status.CLOSED else "solved"
    if changes.status not in ("solved", "closed"):
        raise wrong_field("outcome", "Only a solved or closed ticket has an outcome")
    return Outcome.of(changes.outcome)


def find_inbox(address: str | None) -> Inbox:
    """The active inbox at this address, else the oldest one. Raises `Refused`."""
    rows = Inbox.objects.filter(is_active=True).select_related("brand").order_by("pk")
    inbox = (rows.filter(address=address) if address else rows).first()
    if inbox is None:
        raise wrong_field(
            "inbox", f"There is no inbox {address}" if address else "There is no inbox"
        )
    return inbox
