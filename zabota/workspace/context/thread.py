"""A ticket's conversation: messages, notes and events, merged by time.

Files and the newest delivery of each message come with its row, so that the page asks the same few
questions however long the conversation is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone

from zabota.core import clock
from zabota.events.models import Event
from zabota.events.registry import EVENTS, Names, lift
from zabota.intake.models import Delivery
from zabota.staff.models import Agent
from zabota.tickets.choices import AuthorKind, Direction
from zabota.tickets.models import Attachment, Message, Note, Ticket

MOST_SHOWN = 200
TOGETHER = timedelta(minutes=1)
State = Delivery.State


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


def thread(ticket: Ticket, agent: Agent, names: Names, *, everything: bool = False) -> list[Day]:
    """The conversation as this agent sees it, by days, oldest first; the newest 200 of each kind."""
    most = None if everything else MOST_SHOWN
    items: list[Said | Happened] = [
        *(_message(m, agent) for m in _newest(messages_of(ticket), most)),
        *(_note(n, agent) for n in _newest(notes_of(ticket), most)),
        *_happenings(_newest(_events_of(ticket), most), names),
    ]
    items.sort(key=lambda item: (item.at, item.side == "event"))
    return [Day(on, list(of_day)) for on, of_day in groupby(items, lambda i: _day(i.at))]


def _day(at: datetime) -> date:
    return timezone.localtime(at).date()


def _newest(rows: QuerySet[Any], most: int | None) -> list[Any]:
    return list(rows[:most])[::-1]


def messages_of(ticket: Ticket) -> QuerySet[Message]:
    """Newest first, with files and delivery, without the bulk of their HTML."""
    rows = Message.objects.filter(ticket=ticket, undone_at=None).defer("html")
    return rows.annotate(
        files=_files(message=OuterRef("pk")),
        delivery=_newest_delivery(),
        has_html=Q(html__isnull=False),
    ).order_by("-created_at", "-id")


def notes_of(ticket: Ticket) -> QuerySet[Note]:
    """Newest first, with files."""
    rows = Note.objects.filter(ticket=ticket).annotate(files=_files(note=OuterRef("pk")))
    return rows.order_by("-created_at", "-id")


def _files(**of: OuterRef) -> ArraySubquery:
    shown = {"id": "pk", "name": "filename", "size": "size", "kind": "content_type"}
    rows = Attachment.objects.filter(**of).order_by("pk")
    return ArraySubquery(rows.values(file=JSONObject(**shown)))


def _newest_delivery() -> Subquery:
    shown = {f: F(f) for f in ("id", "state", "error", "due_at", "attempts", "is_waiting")}
    rows = Delivery.objects.filter(message_id=OuterRef("pk")).order_by("-id")
    return Subquery(rows.values(d=JSONObject(**shown, finished_at=F("finished_at")))[:1])


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


def _file_links(files: Iterable[dict[str, Any]]) -> list[FileLink]:
    return [
        FileLink(
            f["id"], f["name"], f["size"], "image" if f["kind"].startswith("image/") else "file"
        )
        for f in files
    ]


def _sending(message: Any, agent: Agent) -> Sending | None:
    row = message.delivery
    if row is None:
        return None
    due, finished = _time(row["due_at"]), _time(row["finished_at"])
    state, tries = row["state"], row["attempts"]
    seconds = round((due - clock.now()).total_seconds())
    if state == State.SENT:
        return Sending(row["id"], "sent", finished)
    if state == State.FAILED:
        return Sending(row["id"], "failed", finished, row["error"])
    if state == State.SENDING:
        return Sending(row["id"], "sending", due)
    if row["is_waiting"]:
        return Sending(row["id"], "waiting", due)
    if tries:
        return Sending(row["id"], "retrying", due, row["error"])
    mine = message.agent_id == agent.pk
    return Sending(row["id"], "leaving", due, seconds=max(seconds, 0), may_undo=mine)


def _time(text: str | None) -> datetime:
    return datetime.fromisoformat(text) if text else clock.now()


def _events_of(ticket: Ticket) -> QuerySet[Event]:
    shown = [name for name, kind in EVENTS.items() if kind.stream == "ticket" and kind.on_timeline]
    rows = Event.objects.filter(stream_kind="ticket", stream_id=ticket.pk, kind__in=shown)
    return rows.order_by("-seq")


def _happenings(events: Iterable[Event], names: Names) -> Iterable[Happened]:
    """One line for what the same hand did within a minute."""
    line: list[Event] = []
    for event in events:
        if line and not (_same_hand(line[-1], event) and event.at - line[0].at < TOGETHER):
            yield _line(line, names)
            line = []
        line.append(event)
    if line:
        yield _line(line, names)


def _same_hand(one: Event, other: Event) -> bool:
    return (one.actor_kind, one.actor_id) == (other.actor_kind, other.actor_id)


def _line(events: list[Event], names: Names) -> Happened:
    lifted = [lift(e.kind, e.payload, e.version) for e in events]
    known = [event for event in lifted if event is not None]
    sentences = [event.sentence(names) for event in known]
    last = events[-1]
    who = names.agent(last.actor_id) if last.actor_kind == "agent" else ""
    icon = known[-1].icon if known else "check"
    return Happened(last.at, " · ".join(dict.fromkeys(sentences)), icon, who)
