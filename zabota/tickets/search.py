"""Full-text search, newest words first, that has no cliff: see `finding.py`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from zabota.staff.models import Agent
from zabota.tickets.finding import MESSAGES, NOTES, Place, Words, find_places
from zabota.tickets.models import Ticket
from zabota.tickets.queries import tickets_visible_to

LONGEST_QUERY = 200
SNIPPET = """
SELECT id, ts_headline('zabota', left(text, 20000), websearch_to_tsquery('zabota', %s),
  'StartSel=\x02, StopSel=\x03, MaxWords=22, MinWords=10, MaxFragments=1')
FROM {table} WHERE id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Hit:
    """A ticket with the words found in it; `\x02` and `\x03` stand around each found word."""

    ticket: Ticket
    snippet: str
    said_at: datetime


def search_tickets(agent: Agent, query: str, limit: int = 50) -> list[Hit]:
    """Tickets whose messages or notes have these words in any form, newest words first.

    `"in quotes"`, `or` and `-not` work as in web search; a bare number finds its ticket.
    """
    query = query.replace("\x00", "").strip()[:LONGEST_QUERY]
    if not query or not agent.may("ticket.view"):
        return []
    found = find_places(Words(agent, query, limit))
    numbered = _by_number(agent, query)
    known = {hit.ticket.pk for hit in numbered}
    hits = _hits(agent, query, found, limit)
    return numbered + [hit for hit in hits if hit.ticket.pk not in known]


def _by_number(agent: Agent, query: str) -> list[Hit]:
    digits = query.lstrip("№#").strip()
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 16):
        return []
    rows = tickets_visible_to(agent).select_related("customer", "assignee")
    return [Hit(t, t.last_words, t.last_message_at) for t in rows.filter(number=int(digits))]


def _hits(agent: Agent, query: str, found: Sequence[Place], limit: int) -> list[Hit]:
    newest: dict[int, Place] = {}
    for place in found:
        if len(newest) == limit:
            break
        newest.setdefault(place.ticket_id, place)
    rows = tickets_visible_to(agent).select_related("customer", "assignee")
    tickets = rows.in_bulk(list(newest))
    snippets = _snippets(query, newest.values())
    return [
        Hit(tickets[pk], snippets.get((place.table, place.id), ""), place.said_at)
        for pk, place in newest.items()
        if pk in tickets
    ]


def _snippets(query: str, places: Collection[Place]) -> dict[tuple[str, int], str]:
    texts: dict[tuple[str, int], str] = {}
    for table in (MESSAGES, NOTES):
        ids = [place.id for place in places if place.table == table]
        if ids:
            with connection.cursor() as cursor:
                cursor.execute(SNIPPET.format(table=table), [query, ids])
                texts |= {(table, pk): text for pk, text in cursor.fetchall()}
    return texts
