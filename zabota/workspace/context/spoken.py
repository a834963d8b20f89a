"""What was said in a ticket, in one query with files and deliveries; and what happened, in another.

Written out: made by the ORM it took a fifth of the page's time, and more with every message.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.db import connection

from zabota.events.registry import EVENTS
from zabota.staff.models import Agent
from zabota.tickets.models import Ticket

MOST_SHOWN = 200
FILES = """ARRAY(
    SELECT jsonb_build_object('id', id, 'name', filename, 'size', size, 'kind', content_type,
      'inline', is_inline)
    FROM tickets_attachment WHERE {} = said.id ORDER BY id)"""
SPOKEN = f"""
(SELECT 'message', id, created_at, agent_id, author_name, text, {FILES.format("message_id")},
    direction, author_kind, author_address, copies, quoted_text, is_automatic, undone_at,
    html IS NOT NULL,
    (SELECT to_jsonb(newest) FROM (
       SELECT id, state, error, due_at, attempts, is_waiting, finished_at,
         EXISTS (SELECT FROM intake_hold WHERE released_at IS NULL) AS is_held
       FROM intake_delivery
       WHERE message_id = said.id ORDER BY id DESC LIMIT 1) AS newest),
    nullif(details, '{{}}'), nullif(warnings, '[]')
  FROM tickets_message said
  WHERE ticket_id = %(ticket)s AND (undone_at IS NULL OR agent_id = %(agent)s)
  ORDER BY created_at DESC, id DESC LIMIT %(most)s)
UNION ALL
(SELECT 'note', id, created_at, agent_id, author_name, text, {FILES.format("note_id")},
    0, 1, '', NULL, '', false, NULL, false, NULL, NULL, NULL
  FROM tickets_note said WHERE ticket_id = %(ticket)s
  ORDER BY created_at DESC, id DESC LIMIT %(most)s)
ORDER BY 3, 1, 2
"""  # noqa: S608  put together from constants
HAPPENED = """
SELECT kind, payload, version, at, actor_kind, actor_id FROM events_event
WHERE stream_kind = 'ticket' AND stream_id = %s AND kind = ANY(%s) ORDER BY seq DESC LIMIT %s
"""


class SpokenRow(NamedTuple):
    """A message or a note as it stands in the database; JSON is still text."""

    kind: str
    id: int
    at: datetime
    agent_id: int | None
    author_name: str
    text: str
    files: list[str]
    direction: int
    author_kind: int
    author_address: str
    copies: str | None
    quoted_text: str
    is_automatic: bool
    undone_at: datetime | None
    has_html: bool
    delivery: str | None
    details: str | None
    warnings: str | None

    def read_files(self) -> list[dict[str, Any]]:
        return [json.loads(file) for file in self.files]

    def read_copies(self) -> list[str]:
        """The addresses this was also sent to."""
        return [address for address, *_name in json.loads(self.copies)] if self.copies else []

    def read_details(self) -> dict[str, Any]:
        return json.loads(self.details) if self.details else {}

    def read_warnings(self) -> list[str]:
        found: list[str] = json.loads(self.warnings) if self.warnings else []
        return found

    def read_delivery(self) -> dict[str, Any] | None:
        return json.loads(self.delivery) if self.delivery else None


@dataclass(frozen=True, slots=True)
class Spoken:
    """Everything said, oldest first, what this agent took back included."""

    rows: list[SpokenRow]
    is_cut: bool

    def by(self, agent: Agent) -> list[SpokenRow]:
        """The agent's own words."""
        return [row for row in self.rows if row.agent_id == agent.pk]


def load_spoken(ticket: Ticket, agent: Agent, *, everything: bool = False) -> Spoken:
    """The newest 200 messages and 200 notes, or all of them."""
    most = None if everything else MOST_SHOWN
    with connection.cursor() as cursor:
        cursor.execute(SPOKEN, {"ticket": ticket.pk, "agent": agent.pk, "most": most})
        rows = [SpokenRow._make(row) for row in cursor.fetchall()]
    notes = sum(row.kind == "note" for row in rows)
    return Spoken(rows, most in (notes, len(rows) - notes))


class EventRow(NamedTuple):
    """An event as it stands in history."""

    kind: str
    payload: str
    version: int
    at: datetime
    actor_kind: str
    actor_id: int | None

    def read_payload(self) -> dict[str, Any]:
        payload: dict[str, Any] = json.loads(self.payload)
        return payload


@cache
def _shown_kinds() -> list[str]:
    return [name for name, kind in EVENTS.items() if kind.stream == "ticket" and kind.on_timeline]


def load_events(ticket: Ticket) -> list[EventRow]:
    """The newest 200 that the timeline shows, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(HAPPENED, [ticket.pk, _shown_kinds(), MOST_SHOWN])
        return [EventRow._make(row) for row in cursor.fetchall()][::-1]
