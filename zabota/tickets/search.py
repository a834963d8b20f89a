"""Full-text search that has no cliff: neither for frequent words nor for narrow permissions.

Messages are indexed in buckets of 16,384 ids. The walk goes from the newest bucket down and stops
when the page is full; permission is asked inside the walk, so a narrow scope misses nothing. Who
sees only few tickets has just those searched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from zabota.staff.models import Agent
from zabota.staff.permissions import Scope
from zabota.tickets.models import Ticket
from zabota.tickets.queries import tickets_visible_to

LONGEST_QUERY = 200
FEW = 2000
# Order by an expression, not by the primary key: else PostgreSQL reads the whole table backwards,
# bucket by bucket, for a word that it believes to be frequent and that is not in new messages.
WALK = """
(SELECT '{table}', found.* FROM generate_series(
    (SELECT coalesce(max(id), 0) >> 14 FROM {table}), 0, -1) AS bucket
CROSS JOIN LATERAL (
  SELECT words.id, words.ticket_id, words.created_at FROM {table} words
  JOIN ({visible}) visible ON visible.id = words.ticket_id
  WHERE (words.id >> 14) = bucket AND words.search @@ websearch_to_tsquery('zabota', %s) {alive}
  ORDER BY words.id + 0 DESC LIMIT %s) AS found
LIMIT %s)
"""
# OFFSET 0 keeps the tickets first: a frequent word alone would be found in a third of all messages.
AMONG = """
(SELECT '{table}', words.id, words.ticket_id, words.created_at
FROM (SELECT * FROM {table} WHERE ticket_id = ANY(%s) OFFSET 0) words
WHERE words.search @@ websearch_to_tsquery('zabota', %s) {alive}
ORDER BY words.id DESC LIMIT %s)
"""
SNIPPET = """
SELECT id, ts_headline('zabota', left(text, 20000), websearch_to_tsquery('zabota', %s),
  'StartSel=\x02, StopSel=\x03, MaxWords=22, MinWords=10, MaxFragments=1')
FROM {table} WHERE id = ANY(%s)
"""
MESSAGES, NOTES = "tickets_message", "tickets_note"
ALIVE = {MESSAGES: "AND words.undone_at IS NULL", NOTES: ""}
Place = tuple[str, int, int, datetime]  # of a text: table, id, ticket, when it was said


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
    # Several messages of one ticket are one hit, hence more than `limit`.
    few = _few_visible_to(agent)
    walked = _walk(agent, query, 3 * limit) if few is None else _among(few, query, 3 * limit)
    found = sorted(walked, key=lambda place: place[3], reverse=True)
    numbered = _by_number(agent, query)
    known = {hit.ticket.pk for hit in numbered}
    hits = _hits(agent, query, found, limit)
    return numbered + [hit for hit in hits if hit.ticket.pk not in known]


def _few_visible_to(agent: Agent) -> list[int] | None:
    """The ids of all tickets the agent may see if they are few, else None."""
    if agent.scope("ticket.view") is Scope.ALL:
        return None
    ids = list(tickets_visible_to(agent).values_list("pk", flat=True)[: FEW + 1])
    return ids if len(ids) <= FEW else None


def _walk(agent: Agent, query: str, most: int) -> list[Place]:
    visible, params = tickets_visible_to(agent).values("id").order_by().query.sql_with_params()
    return _in_all_tables(WALK, [*params, query, most, most], visible=visible)


def _among(ids: list[int], query: str, most: int) -> list[Place]:
    return _in_all_tables(AMONG, [ids, query, most])


def _in_all_tables(statement: str, values: list[Any], **parts: str) -> list[Place]:
    each = [statement.format(table=table, alive=alive, **parts) for table, alive in ALIVE.items()]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each), values * len(each))
        rows: list[Place] = cursor.fetchall()
    return rows


def _by_number(agent: Agent, query: str) -> list[Hit]:
    digits = query.lstrip("№#").strip()
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 16):
        return []
    rows = tickets_visible_to(agent).select_related("customer", "assignee")
    return [Hit(t, t.last_words, t.last_message_at) for t in rows.filter(number=int(digits))]


def _hits(agent: Agent, query: str, found: Sequence[Place], limit: int) -> list[Hit]:
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
