"""A ticket as a page shows it: messages, notes and events in the order they happened."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from zabota.events.dispatch import recorded
from zabota.events.models import Event
from zabota.events.registry import EVENTS, Recorded
from zabota.intake.models import Delivery
from zabota.intake.queries import deliveries_of
from zabota.staff.directory import Directory, directory
from zabota.tickets.choices import Outcome, Priority, Status
from zabota.tickets.models import Attachment, Message, Note, Ticket

NEWEST = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing on the page; exactly one of the three is set."""

    at: datetime
    message: Message | None = None
    note: Note | None = None
    event: Recorded | None = None
    files: tuple[Attachment, ...] = ()
    delivery: Delivery | None = None


class TicketNames:
    """What timeline sentences ask for: see `events.registry.Names`."""

    @cached_property
    def _directory(self) -> Directory:
        return directory()

    def agent(self, pk: int | None) -> str:
        return self._directory.agent(pk)

    def team(self, pk: int | None) -> str:
        return self._directory.team(pk)

    def category(self, pk: int | None) -> str:
        return self._directory.category(pk)

    def choice(self, field: str, value: int | str | None) -> str:
        kinds = {"status": Status, "outcome": Outcome, "priority": Priority}
        return str(kinds[field](value).label) if value is not None else ""


@dataclass(frozen=True)
class Conversation:
    """What was said and done, oldest first; `is_cut` if older messages exist than are shown."""

    entries: list[Entry]
    is_cut: bool = False
    names: TicketNames = field(default_factory=TicketNames)


def read_conversation(ticket: Ticket, *, whole: bool = False) -> Conversation:
    """What a ticket the caller may see consists of, whole or its newest part. Five queries."""
    rows = ticket.messages.filter(undone_at=None).order_by("-created_at", "-id")
    messages = list(rows if whole else rows[: NEWEST + 1])
    is_cut = not whole and len(messages) > NEWEST
    messages = messages[:NEWEST] if is_cut else messages
    since = messages[-1].created_at if is_cut else None
    notes = [n for n in ticket.notes.all() if since is None or n.created_at >= since]
    files = _files(ticket)
    deliveries = deliveries_of(m.pk for m in messages)
    entries = [
        Entry(
            m.created_at,
            message=m,
            files=tuple(files["message", m.pk]),
            delivery=deliveries.get(m.pk),
        )
        for m in messages
    ]
    entries += [Entry(n.created_at, note=n, files=tuple(files["note", n.pk])) for n in notes]
    entries += [Entry(r.at, event=r) for r in _timeline(ticket) if since is None or r.at >= since]
    return Conversation(sorted(entries, key=_order), is_cut)


def _order(entry: Entry) -> tuple[datetime, int, int]:
    """By time; at the same instant what was said stands before what followed from it."""
    if entry.event:
        return entry.at, 1, entry.event.seq
    row = entry.message or entry.note
    return entry.at, 0, row.pk if row else 0


def _files(ticket: Ticket) -> dict[tuple[str, int | None], list[Attachment]]:
    files: dict[tuple[str, int | None], list[Attachment]] = defaultdict(list)
    for row in Attachment.objects.filter(ticket=ticket).order_by("pk"):
        of = ("message", row.message_id) if row.message_id else ("note", row.note_id)
        files[of].append(row)
    return files


def _timeline(ticket: Ticket) -> Iterable[Recorded]:
    kinds = [name for name, kind in EVENTS.items() if kind.stream == "ticket" and kind.on_timeline]
    rows = Event.objects.filter(stream_kind="ticket", stream_id=ticket.pk, kind__in=kinds)
    return (r for row in rows.order_by("seq") if (r := recorded(row)))
