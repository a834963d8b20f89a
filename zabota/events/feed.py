"""The feed of everything, for readers that come back: API, webhooks.

In PostgreSQL the order of commit is not the order of ids, so the feed goes by the writing
transaction and serves only what is older than every transaction still running.
"""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from zabota.events.models import Epoch
from zabota.events.registry import EVENTS

# ORDER BY the table's own columns: by an output alias of the same name it would sort text.
PAGE = """
SELECT e.xid::text, e.id, e.stream_kind, e.stream_id, e.seq, e.kind, e.version, e.payload::text,
       e.actor_kind, e.actor_id, e.caused_by, e.at
FROM events_event e
WHERE (e.xid, e.id) > (%s::xid8, %s) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY e.xid, e.id LIMIT %s
"""


class CursorRefused(ValueError):
    """The cursor is not of this history; start again without one."""


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One event as the feed shows it; `cursor` is where to go on after it."""

    cursor: str
    id: int
    stream_kind: str
    stream_id: int
    seq: int
    kind: str
    version: int
    payload: str
    actor_kind: str
    actor_id: int | None
    caused_by: int | None
    at: datetime

    @property
    def is_known(self) -> bool:
        return self.kind in EVENTS


def read_feed(after: str | None, limit: int) -> list[FeedItem]:
    """Up to `limit` events after the cursor, oldest first. Raises `CursorRefused`."""
    epoch = current_epoch()
    xid, pk = _read_cursor(after, epoch) if after else ("0", 0)
    with connection.cursor() as cursor:
        cursor.execute(PAGE, [xid, pk, limit])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return [FeedItem(_cursor(epoch, row[0], row[1]), *row[1:]) for row in rows]


def current_epoch() -> int:
    """Which generation of history this is."""
    return Epoch.objects.values_list("number", flat=True).first() or 1


def _cursor(epoch: int, xid: str, pk: int) -> str:
    return base64.urlsafe_b64encode(f"{epoch}.{xid}.{pk}".encode()).decode().rstrip("=")


def _read_cursor(text: str, epoch: int) -> tuple[str, int]:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        made_in, xid, pk = (int(part) for part in data.decode("ascii").split("."))
    except ValueError as error:
        raise CursorRefused("this is not a cursor of the feed") from error
    if made_in != epoch or not 0 <= xid < 2**64 or not 0 <= pk < 2**63:
        raise CursorRefused("this cursor is from before a restore")
    return str(xid), pk
