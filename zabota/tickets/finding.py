"""Where words stand that an agent may see: of each ticket the newest text that has them.

Texts are indexed in buckets of 16,384 ids. Each step is taken only while the page is not full: the
newest texts without the index, the newest buckets one by one, then for a rare word the whole index
at once, and for a frequent one bucket by bucket to the oldest. Permission is asked inside each
step. Who sees few tickets has just those searched, unless the word stands in fewer texts than they
have. PostgreSQL's estimates choose the way; what is found never depends on them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.db import connection

from zabota.staff.models import Agent
from zabota.staff.permissions import Scope
from zabota.tickets.queries import tickets_visible_to

EACH = 4  # texts of a ticket, about
NEAR = 4  # buckets, before it is asked how rare the word is
FAR = 16  # buckets: fewer are looked into before that is answered
RARE = 32  # texts a bucket that the planner expects: more are not worth counting
MANY = 2000  # texts that are read faster than hundreds of buckets are looked into
MESSAGES, NOTES = "tickets_message", "tickets_note"
ALIVE = {MESSAGES: "AND undone_at IS NULL", NOTES: ""}

TOP = "SELECT coalesce(max(id) >> 14, -1) FROM {table}"
EXPECT = """
EXPLAIN (FORMAT JSON) SELECT FROM {table} WHERE search @@ websearch_to_tsquery('zabota', %s)
"""
COUNT = """
SELECT count(*) FROM (
  SELECT FROM {table} WHERE search @@ websearch_to_tsquery('zabota', %s) LIMIT %s) texts
"""
# OFFSET 0 keeps the words first: tickets are looked up from the newest, until the page is full.
FIND = """
SELECT words.* FROM (
  SELECT '{table}', max(id) AS id, ticket_id, max(created_at) FROM {texts}
  WHERE search @@ websearch_to_tsquery('zabota', %s) {alive} AND ticket_id <> ALL(%s::bigint[])
  GROUP BY ticket_id ORDER BY 2 DESC OFFSET 0) words
JOIN ({visible}) visible ON visible.id = words.ticket_id
ORDER BY words.id DESC LIMIT %s
"""
NEWEST = "(SELECT * FROM {table} ORDER BY id DESC LIMIT 512) texts"
WHOLE = "{table}"
BUCKET = "(SELECT * FROM {table} WHERE (id >> 14) = bucket) texts"
# A bucket's number must be a bigint, as in the index: else it is not looked for there.
WALK = """
SELECT found.* FROM generate_series(%s::bigint, %s::bigint, -1) AS bucket
CROSS JOIN LATERAL ({find}) AS found LIMIT %s
"""
# OFFSET 0 keeps the tickets first: a frequent word alone would be found in a third of all texts.
# Messages are read from where one came last, until the page is full; of notes nobody knows that.
AMONG = """
WITH visible AS MATERIALIZED ({visible})
(SELECT found.*, ticket.last_message_at
FROM (SELECT * FROM visible ORDER BY last_message_at DESC OFFSET 0) ticket
CROSS JOIN LATERAL (
  SELECT 'tickets_message', max(id), ticket.id, max(created_at)
  FROM (SELECT * FROM tickets_message WHERE ticket_id = ticket.id OFFSET 0) texts
  WHERE search @@ websearch_to_tsquery('zabota', %s) AND undone_at IS NULL
  HAVING count(*) > 0) found
LIMIT %s)
UNION ALL
SELECT 'tickets_note', max(id), ticket_id, max(created_at), NULL
FROM (
  SELECT * FROM tickets_note WHERE ticket_id = ANY(ARRAY(SELECT id FROM visible)) OFFSET 0) texts
WHERE search @@ websearch_to_tsquery('zabota', %s) GROUP BY ticket_id
"""
# Only the owner of an index may.
MERGE = """
SELECT gin_clean_pending_list(oid) FROM pg_class
WHERE relname IN ('message_search', 'note_search') AND relkind = 'i'
  AND pg_has_role(relowner, 'USAGE')
"""


class Place(NamedTuple):
    """The newest text of a ticket that has the words, and the table it is in."""

    table: str
    id: int
    ticket_id: int
    said_at: datetime


Found = dict[int, Place]  # by ticket


@dataclass(frozen=True)
class Words:
    """What is looked for, for whom, and how many tickets are wanted."""

    agent: Agent
    query: str
    limit: int

    @cached_property
    def visible(self) -> tuple[str, Sequence[Any]]:
        """The statement for all tickets that may be found, and its values."""
        rows = tickets_visible_to(self.agent).order_by().values("id", "last_message_at")
        return rows.query.sql_with_params()


def find_places(words: Words) -> list[Place]:
    """Where the words stand, newest first: all of the newest `limit` tickets are among them.

    A ticket can come twice, from its messages and from its notes.
    """
    if _is_quicker_by_ticket(words):
        found = _among(words)
    else:
        found = [place for table in ALIVE for place in _everywhere(words, table).values()]
    return sorted(found, key=lambda place: place.said_at, reverse=True)


def merge_new_words() -> None:
    """Put new texts into the index proper: each look into a bucket reads the whole list of them."""
    _ask(MERGE, [])


def _is_quicker_by_ticket(words: Words) -> bool:
    """Whether all texts of the visible tickets are fewer than have to be found to fill a page."""
    if words.agent.scope("ticket.view") is Scope.ALL:
        return False
    visible, values = words.visible
    [(plan,)] = _ask(f"EXPLAIN (FORMAT JSON) {visible}", values)
    texts = EACH * _planned(plan)
    if texts < MANY:
        return True
    top = _top(MESSAGES)
    return texts * texts < words.limit * (top + 1 << 14) and not _is_rare(words, MESSAGES, top)


def _is_rare(words: Words, table: str, top: int) -> bool:
    """Whether all texts with the words are few; words that go together are more than expected."""
    [(plan,)] = _ask(EXPECT.format(table=table), [words.query])
    if _planned(plan) > RARE * top:
        return False
    [(count,)] = _ask(COUNT.format(table=table), [words.query, MANY])
    return bool(count < MANY)


def _planned(plan: Any) -> int:
    return int(plan[0]["Plan"]["Plan Rows"])


def _among(words: Words) -> list[Place]:
    """Tickets are read as long as one that has not been read can have newer messages."""
    visible, values = words.visible
    statement, most = AMONG.format(visible=visible), words.limit + words.limit // 4
    while True:
        rows = _ask(statement, [*values, words.query, most, words.query])
        lasts = [(said_at, last) for *_, said_at, last in rows if last]
        if len(lasts) < most or _reach(lasts, words.limit):
            return [Place(*place) for *place, _ in rows]
        most *= 4


def _reach(lasts: Sequence[tuple[datetime, datetime]], limit: int) -> bool:
    """Whether `limit` of them were said after all that was said in the tickets after these."""
    _, last = lasts[-1]
    return [said_at >= last for said_at, _ in lasts].count(True) >= limit


def _everywhere(words: Words, table: str) -> Found:
    """Step by step from the newest text, until the page is full."""
    found = _find(words, table, NEWEST, {})
    top = _top(table)
    found = _walk(words, table, (top, max(0, top - NEAR + 1)), found)
    if top < NEAR or len(found) >= words.limit:
        return found
    if top > FAR and len(found) < NEAR and _is_rare(words, table, top):
        return found | _find(words, table, WHOLE, found)
    return _walk(words, table, (top - NEAR, 0), found)


def _top(table: str) -> int:
    [(top,)] = _ask(TOP.format(table=table), [])
    return int(top)


def _find(words: Words, table: str, texts: str, found: Found) -> Found:
    return _add(found, _ask(*_finding(words, table, texts, found)))


def _walk(words: Words, table: str, buckets: tuple[int, int], found: Found) -> Found:
    """From bucket to bucket; a ticket that is in several comes several times."""
    bucket, last = buckets
    while bucket >= last and len(found) < words.limit:
        find, values = _finding(words, table, BUCKET, found)
        rows = _ask(WALK.format(find=find), [bucket, last, *values, words.limit])
        found = _add(found, rows)
        bucket = rows[-1][1] >> 14 if len(rows) == words.limit else last - 1
    return found


def _finding(words: Words, table: str, texts: str, found: Found) -> tuple[str, list[Any]]:
    """The statement and its values for tickets not yet found."""
    visible, values = words.visible
    parts = {"table": table, "alive": ALIVE[table], "visible": visible}
    find = FIND.format(texts=texts.format(table=table), **parts)
    return find, [words.query, list(found), *values, words.limit]


def _add(found: Found, rows: Sequence[Any]) -> Found:
    places = (Place(*row) for row in reversed(rows))
    return {place.ticket_id: place for place in places} | found


def _ask(statement: str, values: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[Any] = cursor.fetchall()
    return rows
