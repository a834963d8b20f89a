"""What agents do to a ticket. Each locks its row, changes one thing, and ends in one event."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from inspect import unwrap
from typing import Any, Concatenate, NamedTuple, ParamSpec, cast

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from zabota.company.actions import remember_tags
from zabota.company.models import Category
from zabota.core import clock
from zabota.events.record import Happening, record, record_all
from zabota.events.registry import SYSTEM, Actor
from zabota.staff.models import Agent, Team
from zabota.tickets.choices import OPEN_WORK, Outcome, Priority, Status
from zabota.tickets.events import (
    CategoryChanged,
    PriorityChanged,
    StatusChanged,
    SubjectChanged,
    TagsChanged,
    TeamChanged,
    TicketAssigned,
)
from zabota.tickets.models import Draft, Seen, Ticket
from zabota.tickets.queries import tickets_visible_to

P = ParamSpec("P")
Change = Callable[Concatenate[Ticket, P], None]
MOST_TAGS = 20
LONGEST_TAG = 40


def as_actor(agent: Agent) -> Actor:
    """The agent as the doer of an event."""
    return Actor("agent", agent.pk)


def lock_ticket(ticket: Ticket, actor: Agent, permission: str) -> Ticket:
    """The ticket's row, locked, if the agent's permission reaches it; else `PermissionDenied`."""
    rows = tickets_visible_to(actor, permission).select_for_update(of=("self",), no_key=True)
    locked = rows.filter(pk=ticket.pk).first()
    if locked is None:
        raise PermissionDenied(_("You may not change this ticket"))
    return locked


def change(act: Change[P]) -> Change[P]:
    """Make an action of what `act` does to a locked row: locked here, if the agent may edit it."""

    @wraps(act)
    @transaction.atomic
    def lock_and_act(ticket: Ticket, /, *args: P.args, **kwargs: P.kwargs) -> None:
        actor = cast("Agent", kwargs["actor"])
        act(lock_ticket(ticket, actor, "ticket.edit"), *args, **kwargs)

    return lock_and_act


def apply_status(ticket: Ticket, status: Status, outcome: Outcome | None) -> StatusChanged | None:
    """Put a locked ticket into a status; the event, or None if it is there already."""
    if outcome is None and status == Status.SOLVED:
        outcome = Outcome.SOLVED
    if status == Status.CLOSED:
        outcome = outcome or (Outcome(ticket.outcome) if ticket.outcome else Outcome.SOLVED)
    if status < OPEN_WORK:
        outcome = None
    if (ticket.status, ticket.outcome) == (status, outcome):
        return None
    before, now = ticket.status, clock.now()
    ticket.status, ticket.outcome = status, outcome
    ticket.solved_at = (ticket.solved_at or now) if status >= OPEN_WORK else None
    ticket.closed_at = now if status == Status.CLOSED else None
    ticket.save(update_fields=["status", "outcome", "solved_at", "closed_at"])
    return StatusChanged(ticket_id=ticket.pk, before=before, after=status, outcome=outcome)


@change
def set_status(
    ticket: Ticket, status: Status, *, actor: Agent, outcome: Outcome | None = None
) -> None:
    """Open, pending, on hold, solved (with an outcome), closed. A closed ticket stays closed."""
    if ticket.status == Status.CLOSED and status != Status.CLOSED:
        raise ValidationError(_("A closed ticket stays closed. An answer opens a follow-up."))
    if event := apply_status(ticket, status, outcome):
        record(event, actor=as_actor(actor))


@change
def set_priority(ticket: Ticket, priority: Priority, *, actor: Agent) -> None:
    """Low, normal, high, urgent."""
    if ticket.priority != priority:
        event = PriorityChanged(ticket_id=ticket.pk, before=ticket.priority, after=priority)
        _save(ticket, "priority", priority)
        record(event, actor=as_actor(actor))


@change
def assign(ticket: Ticket, assignee: Agent | None, *, actor: Agent) -> None:
    """Give it to somebody, or to nobody. What somebody has is no longer new."""
    if ticket.assignee_id == (assignee.pk if assignee else None):
        return
    before = ticket.assignee_id
    _save(ticket, "assignee", assignee)
    after = assignee.pk if assignee else None
    event = TicketAssigned(ticket_id=ticket.pk, before=before, after=after)
    is_taken = assignee is not None and ticket.status == Status.NEW
    opened = apply_status(ticket, Status.OPEN, None) if is_taken else None
    record(*([event, opened] if opened else [event]), actor=as_actor(actor))


@change
def set_team(ticket: Ticket, team: Team | None, *, actor: Agent) -> None:
    """Hand it to a team, or take it from one."""
    before, after = ticket.team_id, team.pk if team else None
    if before != after:
        _save(ticket, "team", team)
        record(TeamChanged(ticket_id=ticket.pk, before=before, after=after), actor=as_actor(actor))


@change
def set_category(ticket: Ticket, category: Category | None, *, actor: Agent) -> None:
    """Say what it is about."""
    before, after = ticket.category_id, category.pk if category else None
    if before != after:
        _save(ticket, "category", category)
        event = CategoryChanged(ticket_id=ticket.pk, before=before, after=after)
        record(event, actor=as_actor(actor))


@change
def set_tags(ticket: Ticket, tags: Iterable[str], *, actor: Agent) -> None:
    """Exactly these tags: small letters, no spaces at the ends, each once."""
    wanted, had = clean_tags(tags), set(ticket.tags)
    added, removed = set(wanted) - had, had - set(wanted)
    if not added and not removed:
        return
    _save(ticket, "tags", wanted)
    remember_tags(list(added))
    event = TagsChanged(ticket_id=ticket.pk, added=len(added), removed=len(removed))
    record(event, actor=as_actor(actor))


class TagChange(NamedTuple):
    """One tag put on, one taken off; the others stay as they are by then."""

    add: str = ""
    remove: str = ""


@change
def retag(ticket: Ticket, tags: TagChange, *, actor: Agent) -> None:
    """Put one on and take one off, whatever colleagues did meanwhile."""
    kept = [tag for tag in ticket.tags if tag != tags.remove]
    unwrap(set_tags)(ticket, [*kept, *([tags.add] if tags.add else [])], actor=actor)


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Tags in normal form, in the order given. Raises `ValidationError` on too many or too long."""
    clean = list(dict.fromkeys(t for tag in tags if (t := " ".join(tag.lower().split()))))
    if len(clean) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in clean):
        limits = {"count": MOST_TAGS, "length": LONGEST_TAG}
        raise ValidationError(_("At most %(count)d tags of %(length)d letters each") % limits)
    return clean


@change
def set_subject(ticket: Ticket, subject: str, *, actor: Agent) -> None:
    """Call it something better."""
    subject = " ".join(subject.split())[:500]
    if ticket.subject != subject:
        _save(ticket, "subject", subject)
        record(SubjectChanged(ticket_id=ticket.pk), actor=as_actor(actor))


CHANGES: dict[str, Callable[..., None]] = {
    "status": set_status,
    "priority": set_priority,
    "assignee": assign,
    "team": set_team,
    "category": set_category,
    "tags": set_tags,
    "retag": retag,
    "subject": set_subject,
}


@transaction.atomic
def change_ticket(
    ticket: Ticket, changes: dict[str, Any], *, actor: Agent, outcome: Outcome | None = None
) -> None:
    """Several of the above at once, all or none; keys are those of `CHANGES`.

    Permission is asked once: who hands a ticket out of their own sight may finish the sentence.
    """
    locked = lock_ticket(ticket, actor, "ticket.edit")
    for name, value in changes.items():
        extra = {"outcome": outcome} if name == "status" else {}
        unwrap(CHANGES[name])(locked, value, actor=actor, **extra)


def _save(ticket: Ticket, field: str, value: Any) -> None:
    setattr(ticket, field, value)
    ticket.save(update_fields=[field])


def save_draft(ticket: Ticket, text: str, *, actor: Agent, kind: Draft.Kind) -> None:
    """Keep what they have written so far; an empty text forgets it. Not an event."""
    if not text.strip():
        forget_draft(ticket, actor=actor, kind=kind)
        return
    Draft.objects.update_or_create(
        ticket=ticket, agent=actor, kind=kind, defaults={"text": text, "updated_at": clock.now()}
    )


def forget_draft(ticket: Ticket, *, actor: Agent, kind: Draft.Kind) -> None:
    """It was sent, or is not wanted."""
    Draft.objects.filter(ticket=ticket, agent=actor, kind=kind).delete()


def mark_seen(ticket: Ticket, *, actor: Agent) -> None:
    """They have had it on the screen up to now. Not an event."""
    Seen.objects.update_or_create(ticket=ticket, agent=actor, defaults={"seen_at": clock.now()})


@transaction.atomic
def close_solved(before: datetime, *, limit: int = 200) -> int:
    """Close what was solved before this moment and has rested since: the grace period is over."""
    rows = Ticket.objects.select_for_update(skip_locked=True, no_key=True).filter(
        status=Status.SOLVED, deleted_at=None, solved_at__lt=before
    )
    tickets = list(rows.order_by("pk")[:limit])
    events = [e for t in tickets if (e := apply_status(t, Status.CLOSED, None))]
    record_all([Happening(event, SYSTEM) for event in events])
    return len(tickets)
