"""A ticket's head and its customer's card, asked in one query with what the composer needs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce, JSONObject
from django.urls import reverse

from zabota.customers.models import Identity
from zabota.staff.models import Agent
from zabota.tickets.choices import Outcome, Priority, Status
from zabota.tickets.models import Draft, Message, Note, Ticket
from zabota.tickets.queries import tickets_visible_to
from zabota.workspace.context.choices import Choices
from zabota.workspace.context.composer import Composer
from zabota.workspace.context.lists import channel_icon, no_subject

EARLIER = 8


@dataclass(frozen=True, slots=True)
class Earlier:
    """Another ticket of the same customer."""

    number: int
    subject: str
    icon: str
    at: datetime


def load_ticket(agent: Agent, number: int) -> Any:
    """The ticket with all that its page shows around the conversation; None if it is not to be seen."""
    rows = tickets_visible_to(agent).filter(number=number)
    return (
        rows.select_related("customer", "identity", "inbox", "follows")
        .annotate(
            drafts_of_mine=ArraySubquery(
                Draft.objects.filter(ticket=OuterRef("pk"), agent=agent).values(
                    draft=JSONObject(kind="kind", text="text")
                )
            ),
            addresses=ArraySubquery(
                Identity.objects.filter(customer=OuterRef("customer"))
                .order_by("pk")
                .values(identity=JSONObject(kind="kind", value="value"))
            ),
            earlier=ArraySubquery(
                _others(agent)
                .order_by("-id")
                .values(
                    t=JSONObject(
                        **{f: F(f) for f in ("number", "subject", "channel", "created_at")}
                    )
                )[:EARLIER]
            ),
            earlier_count=Coalesce(
                Subquery(
                    _others(agent).order_by().values("customer").annotate(n=Count("pk")).values("n")
                ),
                0,
                output_field=IntegerField(),
            ),
            turn=Coalesce(_last_of(Message, agent), 0) + Coalesce(_last_of(Note, agent), 0),
            undone=_undone(agent),
        )
        .first()
    )


def _others(agent: Agent) -> Any:
    """The same customer's other tickets this agent may see."""
    rows = tickets_visible_to(agent).filter(customer=OuterRef("customer"))
    return rows.exclude(pk=OuterRef("pk"))


def _last_of(model: Any, agent: Agent) -> Subquery:
    """The newest words of mine: when they change, the composer begins a new letter."""
    rows = model.objects.filter(ticket=OuterRef("pk"), agent=agent).order_by("-created_at", "-id")
    return Subquery(rows.values("id")[:1])


def _undone(agent: Agent) -> Subquery:
    """My newest message, if I took it back: its files belong to the draft again."""
    rows = Message.objects.filter(ticket=OuterRef("pk"), agent=agent).order_by("-created_at", "-id")
    return Subquery(rows.values(m=JSONObject(id="id", undone_at="undone_at"))[:1])


def head(ticket: Any, agent: Agent, choices: Choices) -> dict[str, Any]:
    """Number, subject, and the values that open their menus."""
    return {
        "ticket": ticket,
        "subject": ticket.subject or no_subject(),
        "choices": choices,
        "status": Status(ticket.status),
        "statuses": [s for s in Status if s not in (Status.NEW, Status.SOLVED, Status.CLOSED)],
        "outcome": Outcome(ticket.outcome) if ticket.outcome else None,
        "outcomes": list(Outcome),
        "priority": Priority(ticket.priority),
        "priorities": list(reversed(Priority)),
        "may_edit": agent.may("ticket.edit") and ticket.status != Status.CLOSED,
        "me": agent,
    }


def card(ticket: Any, agent: Agent) -> dict[str, Any]:
    """The customer beside the ticket: who, where from, what before."""
    return {
        "ticket": ticket,
        "customer": ticket.customer,
        "addresses": ticket.addresses,
        "earlier": [_earlier(row) for row in ticket.earlier],
        "earlier_count": ticket.earlier_count,
        "may_open_card": agent.may("customer.view"),
    }


def _earlier(row: dict[str, Any]) -> Earlier:
    return Earlier(
        row["number"],
        row["subject"] or no_subject(),
        channel_icon(row["channel"]),
        datetime.fromisoformat(row["created_at"]),
    )


def composer(
    ticket: Any, agent: Agent, *, kind: str = "", text: str = "", problem: str = ""
) -> Composer:
    """Where this agent writes next: the draft of theirs, or what could not be sent."""
    drafts = {draft["kind"]: draft["text"] for draft in ticket.drafts_of_mine}
    reply, note = drafts.get(Draft.Kind.MESSAGE, ""), drafts.get(Draft.Kind.NOTE, "")
    may_reply = agent.may("ticket.reply") and ticket.status != Status.CLOSED
    kind = kind if may_reply and kind else "message" if may_reply else "note"
    mine, other = (reply, note) if kind == "message" else (note, reply)
    undone_id = ticket.undone["id"] if ticket.undone and ticket.undone["undone_at"] else 0
    return Composer(
        number=ticket.number,
        turn=f"{ticket.turn}{'-undone' if undone_id else ''}",
        action=reverse("write", args=[ticket.number]),
        draft_url=reverse("draft", args=[ticket.number]),
        name=ticket.customer.name or ticket.identity.value,
        to=ticket.identity.value,
        kind=kind,
        text=text or mine,
        other_text=other,
        kept=bool(mine) and not text,
        may_reply=may_reply,
        problem=problem,
        undone_id=undone_id,
    )
