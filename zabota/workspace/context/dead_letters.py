"""What is stuck: listeners that failed, letters that did not leave, work begun for many rows."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from zabota.events.backlog import dead_letters
from zabota.events.models import Event, ListenerBacklog
from zabota.events.registry import LISTENERS
from zabota.intake.chores import open_chores
from zabota.staff.models import Agent
from zabota.tickets.queries import tickets_visible_to
from zabota.workspace.context.desk import Desk
from zabota.workspace.pages import Builders, Context

PAGE = 200


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One listener on one stream, as the page shows it."""

    pk: int
    listener: str
    does: str
    ticket: int | None
    about: str
    since: datetime | None
    attempts: int
    is_dead: bool
    retry_at: datetime
    error: str


class DeadLetters(Desk):
    """The page; `fresh` as for every desk."""

    def dead_letters(self) -> Context:
        rows = list(dead_letters()[: PAGE + 1])
        return {
            "rows": _shown(rows[:PAGE], self.agent),
            "is_cut": len(rows) > PAGE,
            "chores": list(open_chores()[:20]),
        }

    def builders(self) -> Builders:
        return {**super().builders(), "dead_letters": self.dead_letters}


def _shown(rows: Sequence[ListenerBacklog], agent: Agent) -> list[DeadLetter]:
    ids = [row.stream_id for row in rows if row.stream_kind == "ticket"]
    numbers = dict(tickets_visible_to(agent).filter(pk__in=ids).values_list("pk", "number"))
    happened = _moments(rows)
    words = {one.name: _summary(one.handle) for one in LISTENERS}
    return [
        DeadLetter(
            pk=row.pk,
            listener=row.listener,
            does=words.get(row.listener, ""),
            ticket=numbers.get(row.stream_id) if row.stream_kind == "ticket" else None,
            about=f"{row.stream_kind} {row.stream_id}",
            since=happened.get((row.stream_kind, row.stream_id, row.seq)),
            attempts=row.attempts,
            is_dead=row.is_dead,
            retry_at=row.retry_at,
            error=row.error,
        )
        for row in rows
    ]


def _moments(rows: Sequence[ListenerBacklog]) -> dict[tuple[str, int, int], datetime]:
    """When the first event each waits for happened, in one query."""
    streams = {row.stream_id for row in rows}
    seqs = {row.seq for row in rows}
    found = Event.objects.filter(stream_id__in=streams, seq__in=seqs)
    wanted = {row.stream_kind for row in rows}
    values = found.filter(stream_kind__in=wanted)
    return {
        (kind, pk, seq): at
        for kind, pk, seq, at in values.values_list("stream_kind", "stream_id", "seq", "at")
    }


def _summary(handle: Any) -> str:
    return (inspect.getdoc(handle) or "").partition("\n")[0]
