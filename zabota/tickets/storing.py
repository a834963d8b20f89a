"""Writing a placed batch: a handful of statements, however many messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from django.db import connection

from zabota.core.rows import insert_rows
from zabota.files.actions import store_blob
from zabota.intake.protocol import InboundFile
from zabota.tickets.models import Attachment, Message, Ticket

if TYPE_CHECKING:
    from zabota.tickets.placing import Placed

TOUCH = """
UPDATE tickets_ticket t
SET status = n.status, outcome = n.outcome, solved_at = n.solved_at, last_words = n.last_words,
    last_author = n.last_author, last_message_at = n.last_message_at,
    first_replied_at = n.first_replied_at
FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::timestamptz[], %s::text[], %s::int[],
            %s::timestamptz[], %s::timestamptz[])
  AS n(id, status, outcome, solved_at, last_words, last_author, last_message_at, first_replied_at)
WHERE t.id = n.id
"""
TOUCHED = (
    "pk",
    "status",
    "outcome",
    "solved_at",
    "last_words",
    "last_author",
    "last_message_at",
    "first_replied_at",
)


def store(placed: Sequence[Placed]) -> None:
    """Insert new tickets and messages, update tickets written to, keep files."""
    tickets = list({id(p.ticket): p.ticket for p in placed}.values())
    insert_tickets([t for t in tickets if t.pk is None])
    known = {id(p.ticket) for p in placed if p.is_new}
    touch_tickets([t for t in tickets if id(t) not in known])
    for p in placed:
        p.row.ticket = p.ticket  # it has its id only now
    insert_rows([p.row for p in placed])
    attach((p.row, file) for p in placed for file in p.incoming.message.files)


def insert_tickets(tickets: Sequence[Ticket]) -> None:
    """Give each a number of its own and insert them."""
    if not tickets:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval('ticket_number') FROM generate_series(1, %s)", [len(tickets)]
        )
        numbers = [row[0] for row in cursor.fetchall()]
    for ticket, number in zip(tickets, numbers, strict=True):
        ticket.number = number
    insert_rows(tickets)


def touch_tickets(tickets: Sequence[Ticket]) -> None:
    """Write what a message changes on tickets that exist."""
    if tickets:
        columns = [[getattr(t, name) for t in tickets] for name in TOUCHED]
        with connection.cursor() as cursor:
            cursor.execute(TOUCH, columns)


def attach(files: Iterable[tuple[Message, InboundFile]]) -> None:
    """Keep the files of messages."""
    rows = [
        Attachment(
            ticket_id=message.ticket_id,
            message=message,
            blob=store_blob(file.content),
            filename=file.filename[:255],
            content_type=file.content_type[:120],
            size=len(file.content),
            is_inline=file.inline,
            content_id=(file.content_id or "")[:255],
        )
        for message, file in files
    ]
    insert_rows(rows)
