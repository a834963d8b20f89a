"""A ticket's conversation: what was said and what happened, merged by time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from zabota.core import clock
from zabota.events.registry import Names, lift
from zabota.files.pictures import may_be_picture
from zabota.intake.details import Contents
from zabota.intake.models import Delivery
from zabota.intake.returns import failure_in_words
from zabota.intake.senders import Authentication
from zabota.staff.models import Agent
from zabota.tickets.choices import AuthorKind, Direction
from zabota.tickets.models import Ticket
from zabota.workspace.context.doubts import doubt_in_words
from zabota.workspace.context.speaker import Speaker, speaker
from zabota.workspace.context.spoken import EventRow, Spoken, SpokenRow, load_events
from zabota.workspace.words import times

TOGETHER = timedelta(minutes=1)
State = Delivery.State
DRAWING = 8 * 1024
LETTER = "message/rfc822"
ENDS = {State.SENT.value: "sent", State.FAILED.value: "failed", State.CANCELLED.value: "cancelled"}


@dataclass(frozen=True, slots=True)
class FileLink:
    """An attachment to fetch."""

    id: int
    name: str
    size: int
    icon: str
    is_picture: bool = False
    is_letter: bool = False


@dataclass(frozen=True, slots=True)
class Sending:
    """How far an answer has come. `how`: leaving, held, waiting, retrying, sending, sent …"""

    id: int
    how: str
    at: datetime
    error: str = ""
    seconds: int = 0
    may_undo: bool = False


NOTHING = Contents()


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
    copies: Sequence[str] = ()
    contents: Contents = NOTHING
    sending: Sending | None = None
    speaker: Speaker | None = None
    reply_to: str = ""
    doubts: Sequence[str] = ()


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


def thread(ticket: Ticket, agent: Agent, spoken: Spoken, names: Names) -> list[Day]:
    """The conversation as this agent sees it, oldest day first."""
    items: list[Said | Happened] = [
        *(_said(row, agent) for row in spoken.rows if row.undone_at is None),
        *_happenings(load_events(ticket), names),
    ]
    items.sort(key=lambda item: (item.at, item.side == "event"))
    zone = times().zone
    by_day = groupby(items, lambda item: item.at.astimezone(zone).date())
    return [Day(on, list(of_day)) for on, of_day in by_day]


def _said(row: SpokenRow, agent: Agent) -> Said:
    ours = row.direction == Direction.OUT
    details = row.read_details() if row.details else {}
    found = details.get("authentication")
    return Said(
        id=row.id,
        at=row.at,
        side="note" if row.kind == "note" else "ours" if ours else "",
        name=row.author_name or row.author_address,
        text=row.text,
        files=_files(row),
        mine=row.agent_id == agent.pk,
        quote=row.quoted_text,
        address="" if ours else row.author_address,
        has_original=row.has_html,
        is_automatic=row.is_automatic,
        is_third=row.author_kind == AuthorKind.THIRD,
        copies=row.read_copies(),
        contents=Contents.from_json(details) if details else NOTHING,
        speaker=speaker(Authentication.from_json(found)) if found else None,
        reply_to=str(next(iter(details.get("reply_to", ())), "")),
        sending=_sending(row, agent),
        doubts=[doubt_in_words(one) for one in row.read_warnings()],
    )


def _files(row: SpokenRow) -> list[FileLink]:
    """Pictures first. Small ones inside the HTML are drawings of signatures: they stay there."""
    files = [
        _file(file)
        for file in row.read_files()
        if not (row.has_html and file["inline"] and file["size"] < DRAWING)
    ]
    return sorted(files, key=lambda file: not file.is_picture)


def _file(file: dict[str, Any]) -> FileLink:
    kind = file["kind"].lower()
    is_picture = may_be_picture(kind, file["size"])
    is_letter = kind == LETTER
    icon = "image" if kind.startswith("image/") else "mail" if is_letter else "file"
    return FileLink(file["id"], file["name"], file["size"], icon, is_picture, is_letter)


def _sending(row: SpokenRow, agent: Agent) -> Sending | None:
    delivery = row.read_delivery()
    if delivery is None:
        return None
    how = _how_far(delivery)
    due = _time(delivery["due_at"])
    return Sending(
        id=delivery["id"],
        how="held" if how in ("leaving", "retrying") and delivery["is_held"] else how,
        at=_time(delivery["finished_at"]) if how in ENDS.values() else due,
        error=failure_in_words(delivery["error"]),
        seconds=max(round((due - clock.now()).total_seconds()), 0),
        may_undo=how == "leaving" and row.agent_id == agent.pk,
    )


def _how_far(row: dict[str, Any]) -> str:
    if row["state"] != State.QUEUED:
        return ENDS.get(row["state"], "sending")
    if row["is_waiting"]:
        return "waiting"
    return "retrying" if row["attempts"] else "leaving"


def _time(text: str | None) -> datetime:
    return datetime.fromisoformat(text) if text else clock.now()


def _happenings(events: Iterable[EventRow], names: Names) -> Iterable[Happened]:
    """One line for what the same hand did within a minute."""
    line: list[EventRow] = []
    for event in events:
        if line and not (_hand(line[-1]) == _hand(event) and event.at - line[0].at < TOGETHER):
            yield _line(line, names)
            line = []
        line.append(event)
    if line:
        yield _line(line, names)


def _hand(event: EventRow) -> int | None:
    """The agent who did it; customers and the house itself are one hand: what came by itself."""
    return event.actor_id if event.actor_kind == "agent" else None


def _line(events: list[EventRow], names: Names) -> Happened:
    lifted = [lift(e.kind, e.read_payload(), e.version) for e in events]
    known = [event for event in lifted if event is not None]
    sentences = [event.sentence(names) for event in known]
    last = events[-1]
    who = names.agent(last.actor_id) if last.actor_kind == "agent" else ""
    icon = known[-1].icon if known else "check"
    words = " · ".join(dict.fromkeys(sentences))
    return Happened(last.at, words[:1].upper() + words[1:], icon, who)
