"""Full-text search that has no cliff: neither for frequent words nor for narrow permissions.

Messages are indexed in buckets of 65,536 ids. The walk goes from the newest bucket down and stops
when the page is full; permission is asked inside the walk, so a narrow scope misses nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from zabota.staff.models import Agent
from zabota.tickets.models import Ticket
from zabota.tickets.queries import tickets_visible_to

LONGEST_QUERY = 200
WALK = """
SELECT found.* FROM generate_series(
    (SELECT coalesce(max(id), 0) >> 16 FROM {table}), 0, -1) AS bucket
CROSS JOIN LATERAL (
  SELECT words.id, words.ticket_id, words.created_at FROM {table} words
  JOIN ({visible}) visible ON visible.id = words.ticket_id
  WHERE (words.id >> 16) = bucket AND words.search @@ websearch_to_tsquery('zabota', %s) {alive}
  ORDER BY words.id DESC LIMIT %s) AS found
LIMIT %s
"""
SNIPPET = """
SELECT id, ts_headline('zabota', left(text, 20000), websearch_to_tsquery('zabota', %s),
  'StartSel=\x02, StopSel=\x03, MaxWords=22, MinWords=10, MaxFragments=1')
FROM {table} WHERE id = ANY(%s)
"""
MESSAGES, NOTES = "tickets_message", "tickets_note"


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
    found = [(MESSAGES, *row) for row in _walk(agent, query, MESSAGES, limit)]
    found += [(NOTES, *row) for row in _walk(agent, query, NOTES, limit)]
    found.sort(key=lambda row: row[3], reverse=True)
    numbered = _by_number(agent, query)
    known = {hit.ticket.pk for hit in numbered}
    hits = _hits(agent, query, found, limit)
    return numbered + [hit for hit in hits if hit.ticket.pk not in known]


def _walk(agent: Agent, query: str, table: str, limit: int) -> list[tuple[int, int, datetime]]:
    visible, params = tickets_visible_to(agent).values("id").order_by().query.sql_with_params()
    alive = "AND words.undone_at IS NULL" if table == MESSAGES else ""
    statement = WALK.format(table=table, visible=visible, alive=alive)
    with connection.cursor() as cursor:
        # Several messages of one ticket are one hit, hence more than `limit`.
        cursor.execute(statement, [*params, query, 3 * limit, 3 * limit])
        rows: list[tuple[int, int, datetime]] = cursor.fetchall()
    return rows


def _by_number(agent: Agent, query: str) -> list[Hit]:
    digits = query.lstrip("№#").strip()
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 16):
        return []
    rows = tickets_visible_to(agent).select_related("customer", "assignee")
    return [Hit(t, t.last_words, t.last_message_at) for t in rows.filter(number=int(digits))]


def _hits(agent: Agent, query: str, found: Sequence[Any], limit: int) -> list[Hit]:
    newest: dict[int, tuple[str, int, datetime]] = {}
    for table, pk, ticket_id, said_at in found:
        if len(newest) == limit:
            break
        newest.setdefault(ticket_id, (table, pk, said_at))
    rows = tickets_visible_to(agent).select_related("customer", "assignee")
    tickets = rows.in_bulk(list(newest))
    snippets = _snippets(query, newest.values())
    return [
        Hit(tickets[ticket_id], snippets.get((table, pk), ""), said_at)
        for ticket_id, (table, pk, said_at) in newest.items()
        if ticket_id in tickets
    ]


def _snippets(query: str, places: Any) -> dict[tuple[str, int], str]:
    texts: dict[tuple[str, int], str] = {}
    for table in (MESSAGES, NOTES):
        ids = [pk for of_table, pk, _ in places if of_table == table]
        if ids:
            with connection.cursor() as cursor:
                cursor.execute(SNIPPET.format(table=table), [query, ids])
                texts |= {(table, pk): text for pk, text in cursor.fetchall()}
    return texts
