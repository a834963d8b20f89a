"""A ticket's head, its customer's card, and where the next words are written."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F
from django.db.models.expressions import RawSQL
from django.urls import reverse
from django.utils.translation import gettext as _

from zabota.company.preferences import preference
from zabota.customers.models import Identity
from zabota.intake.returns import failure_explained
from zabota.staff.models import Agent
from zabota.tickets.choices import Outcome, Priority, Status
from zabota.tickets.models import Draft, SpamLesson
from zabota.tickets.queries import tickets_visible_to
from zabota.tickets.wording import signature_of
from zabota.workspace.context.choices import Choices
from zabota.workspace.context.clues import telling_words
from zabota.workspace.context.composer import Composer
from zabota.workspace.context.lists import channel_mark, no_subject
from zabota.workspace.context.spoken import SpokenRow
from zabota.workspace.words import times

DRAFTS = """ARRAY(SELECT jsonb_build_object('kind', kind, 'text', text) FROM tickets_draft
  WHERE ticket_id = tickets_ticket.id AND agent_id = %s)"""
EARLIER = 8
MOST_EARLIER = 100


@dataclass(frozen=True, slots=True)
class Earlier:
    """Another ticket of the same customer."""

    number: int
    subject: str
    icon: str
    at: datetime


def load_ticket(agent: Agent, number: int) -> Any:
    """The ticket with all its page shows around the conversation; None if it is not to be seen."""
    rows = tickets_visible_to(agent).select_related("customer", "identity", "inbox__brand")
    rows = rows.annotate(
        follows_number=F("follows__number"),
        drafts_of_mine=RawSQL(DRAFTS, [agent.pk]),  # noqa: S611  a constant
    )
    return next(iter(rows.filter(number=number)[:1]), None)


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
        "may_put_away": agent.may("ticket.edit"),
        "may_delete": agent.may("ticket.delete"),
        "doubt": _doubt(ticket) if agent.may("ticket.edit") else [],
    }


def _doubt(ticket: Any) -> list[str]:
    """The words by which it looks like spam, while nobody has said whether it is."""
    if ticket.spam_score is None or ticket.first_replied_at is not None:
        return []
    doubts = ticket.spam_score >= preference("spam_doubt")
    if not doubts or SpamLesson.objects.filter(ticket=ticket.pk).exists():
        return []
    first = ticket.messages.order_by("id").first()
    return telling_words(first) if first else []


def card(ticket: Any, agent: Agent) -> dict[str, Any]:
    """The customer beside the ticket: who, where from, what before."""
    others = tickets_visible_to(agent).filter(customer=ticket.customer_id).exclude(pk=ticket.pk)
    shown = ("number", "subject", "channel", "created_at")
    earlier = [_earlier(*row) for row in others.order_by("-id").values_list(*shown)[:MOST_EARLIER]]
    return {
        "ticket": ticket,
        "bounced": bounced_in_words(ticket.identity),
        "customer": ticket.customer,
        "earlier": earlier[:EARLIER],
        "earlier_count": len(earlier),
        "may_open_card": agent.may("customer.view"),
    }


def bounced_in_words(identity: Identity) -> str:
    """When and why a letter to this address came back; "" if none did, or they wrote since."""
    if identity.bounced_at is None:
        return ""
    day = times().day(identity.bounced_at)
    why = failure_explained(identity.bounce_reason) or identity.bounce_reason
    return _("Mail to this address bounced on %(day)s: %(why)s") % {"day": day, "why": why}


def _earlier(number: int, subject: str, channel: str, at: datetime) -> Earlier:
    return Earlier(number, subject or no_subject(), channel_mark(channel).icon, at)


def composer(
    ticket: Any, agent: Agent, mine: Sequence[SpokenRow], beside: str, **writing: str
) -> Composer:
    """Where this agent writes next: the draft of theirs, or what could not be sent.

    `mine` are the agent's own words in this ticket, newest last, those taken back too; when they
    change, a new letter begins. `writing` may hold `kind`, `text` and the `problem` with it.
    """
    drafts = {d["kind"]: d["text"] for d in map(json.loads, ticket.drafts_of_mine)}
    reply, note = drafts.get(Draft.Kind.MESSAGE, ""), drafts.get(Draft.Kind.NOTE, "")
    may_reply = agent.may("ticket.reply") and ticket.status != Status.CLOSED
    kind = (writing.get("kind") or "message") if may_reply else "note"
    this, other = (reply, note) if kind == "message" else (note, reply)
    undone = [row for row in mine[-1:] if row.undone_at]
    turn = "-".join(f"{row.kind}{row.id}" for row in mine[-1:])
    return Composer(
        number=ticket.number,
        turn=f"{turn}{'-undone' if undone else ''}",
        action=reverse("write", args=[ticket.number]) + beside,
        draft_url=reverse("draft", args=[ticket.number]),
        to=ticket.identity.value,
        kind=kind,
        text=writing.get("text") or this,
        other_text=other,
        kept=bool(this) and not writing.get("text"),
        may_reply=may_reply,
        problem=writing.get("problem", ""),
        undone_id=undone[0].id if undone else 0,
        signature=signature_of(agent, ticket),
        bounced=bounced_in_words(ticket.identity),
    )
