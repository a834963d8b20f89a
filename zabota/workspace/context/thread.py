"""A ticket's conversation: messages, notes and events, merged by time.

Files and the newest delivery of each message come with its row, so that the page asks the same two
questions however long the conversation is. They are written out: made by the ORM they took a fifth
of the page's time.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.utils import timezone

from zabota.core import clock
from zabota.events.models import Event
from zabota.events.registry import EVENTS, Names, lift
from zabota.intake.models import Delivery
from zabota.staff.models import Agent
from zabota.tickets.choices import AuthorKind, Direction
from zabota.tickets.models import Message, Note, Ticket

MOST_SHOWN = 200
FILES = """ARRAY(
  SELECT jsonb_build_object('id', id, 'name', filename, 'size', size, 'kind', content_type)
  FROM tickets_attachment WHERE {} = said.id ORDER BY id) AS files"""
MESSAGES = f"""
SELECT id, ticket_id, direction, author_kind, agent_id, author_name, author_address, copies, text,
       quoted_text, is_automatic, warnings, created_at, undone_at, html IS NOT NULL AS has_html,
       {FILES.format("message_id")},
       (SELECT to_jsonb(newest) FROM (
          SELECT id, state, error, due_at, attempts, is_waiting, finished_at FROM intake_delivery
          WHERE message_id = said.id ORDER BY id DESC LIMIT 1) AS newest) AS delivery
FROM tickets_message said WHERE ticket_id = %s AND (undone_at IS NULL OR agent_id = %s)
ORDER BY created_at DESC, id DESC LIMIT %s
"""  # noqa: S608  put together from constants
NOTES = f"""
SELECT id, ticket_id, agent_id, author_name, text, created_at, {FILES.format("note_id")}
FROM tickets_note said WHERE ticket_id = %s ORDER BY created_at DESC, id DESC LIMIT %s
"""  # noqa: S608  put together from constants
TOGETHER = timedelta(minutes=1)
State = Delivery.State
ENDS = {State.SENT.value: "sent", State.FAILED.value: "failed"}


@dataclass(frozen=True, slots=True)
class FileLink:
    """An attachment to fetch."""

    id: int
    name: str
    size: int
    icon: str


@dataclass(frozen=True, slots=True)
class Sending:
    """How far an answer has come. `how`: leaving, waiting, retrying, sending, sent, failed."""

    id: int
    how: str
    at: datetime
    error: str = ""
    seconds: int = 0
    may_undo: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A message or a note. `side`: "" for the customer's, "ours", "note"."""

    id: int
    at: datetime
    side: str
    name: str
    text: str
    files: list[FileLink]
    mine: bool = False
    quote: str = ""
    address: str = ""
    has_original: bool = False
    is_automatic: bool = False
    is_third: bool = False
    copies: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    sending: Sending | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the timeline: what the events of a moment say, and who did it."""

    at: datetime
    words: str
    icon: str
    who: str = ""
    side: str = "event"


@dataclass(frozen=True, slots=True)
class Day:
    """What was said and done on one day."""

    on: date
    items: list[Said | Happened]


@dataclass(frozen=True, slots=True)
class Words:
    """What stands in a ticket, oldest first: messages (my undone ones too) and notes."""

    messages: list[Any]
    notes: list[Any]
    is_cut: bool

    def of(self, agent: Agent) -> list[Any]:
        """The agent's own, in the order they were written."""
        own = [one for one in (*self.messages, *self.notes) if one.agent_id == agent.pk]
        return sorted(own, key=lambda one: one.created_at)


def load_words(ticket: Ticket, agent: Agent, *, everything: bool = False) -> Words:
    """The newest 200 messages and notes, or all of them."""
    most = None if everything else MOST_SHOWN
    messages = list(Message.objects.raw(MESSAGES, [ticket.pk, agent.pk, most]))
    notes = list(Note.objects.raw(NOTES, [ticket.pk, most]))
    is_cut = not everything and MOST_SHOWN in (len(messages), len(notes))
    return Words(messages[::-1], notes[::-1], is_cut)


def thread(ticket: Ticket, agent: Agent, words: Words, names: Names) -> list[Day]:
    """The conversation as this agent sees it, oldest day first."""
    items: list[Said | Happened] = [
        *(_message(message, agent) for message in words.messages if not message.undone_at),
        *(_note(note, agent) for note in words.notes),
        *_happenings(_events_of(ticket), names),
    ]
    items.sort(key=lambda item: (item.at, item.side == "event"))
    return [Day(on, list(of_day)) for on, of_day in groupby(items, lambda i: _day(i.at))]


def _day(at: datetime) -> date:
    return timezone.localtime(at).date()


def _message(message: Any, agent: Agent) -> Said:
    ours = message.direction == Direction.OUT
    return Said(
        id=message.pk,
        at=message.created_at,
        side="ours" if ours else "",
        name=message.author_name or message.author_address,
        text=message.text,
        files=_file_links(message.files),
        mine=ours and message.agent_id == agent.pk,
        quote=message.quoted_text,
        address="" if ours else message.author_address,
        has_original=message.has_html,
        is_automatic=message.is_automatic,
        is_third=message.author_kind == AuthorKind.THIRD,
        copies=tuple(_address(copy) for copy in message.copies),
        warnings=tuple(message.warnings),
        sending=_sending(message, agent),
    )


def _address(copy: Any) -> str:
    return copy if isinstance(copy, str) else str(copy[0])


def _note(note: Any, agent: Agent) -> Said:
    return Said(
        id=note.pk,
        at=note.created_at,
        side="note",
        name=note.author_name,
        text=note.text,
        files=_file_links(note.files),
        mine=note.agent_id == agent.pk,
    )


def _file_links(files: Iterable[str]) -> list[FileLink]:
    return [
        FileLink(
            f["id"], f["name"], f["size"], "image" if f["kind"].startswith("image/") else "file"
        )
        for f in map(json.loads, files)
    ]


def _sending(message: Any, agent: Agent) -> Sending | None:
    if message.delivery is None:
        return None
    row = json.loads(message.delivery)
    how = _how_far(row)
    due = _time(row["due_at"])
    return Sending(
        id=row["id"],
        how=how,
        at=_time(row["finished_at"]) if how in ("sent", "failed") else due,
        error=row["error"],
        seconds=max(round((due - clock.now()).total_seconds()), 0),
        may_undo=how == "leaving" and message.agent_id == agent.pk,
    )


def _how_far(row: dict[str, Any]) -> str:
    if row["state"] != State.QUEUED:
        return ENDS.get(row["state"], "sending")
    if row["is_waiting"]:
        return "waiting"
    return "retrying" if row["attempts"] else "leaving"


def _time(text: str | None) -> datetime:
    return datetime.fromisoformat(text) if text else clock.now()


def _events_of(ticket: Ticket) -> list[Event]:
    shown = [name for name, kind in EVENTS.items() if kind.stream == "ticket" and kind.on_timeline]
    rows = Event.objects.filter(stream_kind="ticket", stream_id=ticket.pk, kind__in=shown)
    return list(rows.order_by("-seq")[:MOST_SHOWN])[::-1]


def _happenings(events: Iterable[Event], names: Names) -> Iterable[Happened]:
    """One line for what the same hand did within a minute."""
    line: list[Event] = []
    for event in events:
        if line and not (_hand(line[-1]) == _hand(event) and event.at - line[0].at < TOGETHER):
            yield _line(line, names)
            line = []
        line.append(event)
    if line:
        yield _line(line, names)


def _hand(event: Event) -> int | None:
    """The agent who did it; customers and the house itself are one hand: what came by itself."""
    return event.actor_id if event.actor_kind == "agent" else None


def _line(events: list[Event], names: Names) -> Happened:
    lifted = [lift(e.kind, e.payload, e.version) for e in events]
    known = [event for event in lifted if event is not None]
    sentences = [event.sentence(names) for event in known]
    last = events[-1]
    who = names.agent(last.actor_id) if last.actor_kind == "agent" else ""
    icon = known[-1].icon if known else "check"
    words = " · ".join(dict.fromkeys(sentences))
    return Happened(last.at, words[:1].upper() + words[1:], icon, who)
