"""How the desk is doing, read from the database: what came in, went out, waits, is stuck.

Cheap at any size: what waits or failed is counted in partial indexes, what is done is counted on
from where the last count ended.
"""

import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db import connection

from zabota.events.registry import LISTENERS

# States as literals, so that partial indexes count them.
INBOUND = """
SELECT (SELECT count(*) FROM intake_inbound WHERE state = 0),
       (SELECT count(*) FROM intake_inbound WHERE state IN (2, 3) AND state = 2),
       (SELECT count(*) FROM intake_inbound WHERE state IN (2, 3) AND state = 3),
       (SELECT extract(epoch FROM now() - received_at)::float8 FROM intake_inbound WHERE state = 0
        ORDER BY id LIMIT 1)
"""
OUTBOUND = """
SELECT (SELECT count(*) FROM intake_delivery WHERE state IN (0, 1, 3) AND state = 0),
       (SELECT count(*) FROM intake_delivery WHERE state IN (0, 1, 3) AND state = 1),
       (SELECT count(*) FROM intake_delivery WHERE state IN (0, 1, 3) AND state = 3),
       (SELECT extract(epoch FROM now() - min(due_at))::float8 FROM intake_delivery
        WHERE state IN (0, 1) AND due_at < now()),
       (SELECT count(*) FROM intake_hold WHERE released_at IS NULL)
"""
# Of more than this it is enough to know that there are too many.
MOST = 20_000
WAITING = """
SELECT e.kind, count(*) FROM (SELECT event_id FROM events_eventtodo LIMIT %s) todo
JOIN events_event e ON e.id = todo.event_id GROUP BY e.kind
"""
PARKED = """
SELECT b.listener, e.kind, count(*) FROM (SELECT * FROM events_listenerbacklog LIMIT 1000) b
JOIN events_event e ON e.stream_kind = b.stream_kind AND e.stream_id = b.stream_id
  AND e.seq >= b.seq GROUP BY b.listener, e.kind
"""
BACKLOG = "SELECT is_dead, count(*) FROM events_listenerbacklog GROUP BY is_dead"
CHORES = "SELECT count(*) FROM intake_chore WHERE finished_at IS NULL"
WORKERS = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE %s"
COUNT = """
SELECT state, count(*) FROM {table} WHERE id > %s AND id <= %s GROUP BY state
"""
WORKER = "zabota worker intake%"  # what its connection is called: see `zabota.worker`
LAST = 2**63 - 1
SETTLED_AFTER = 600.0  # seconds; no transaction takes that long to show its rows
COUNT_ANEW = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Figures:
    """One look at everything. Lags are in seconds, 0 where nothing waits."""

    inbound: dict[str, int]
    inbound_lag: float
    outbound: dict[str, int]
    outbound_lag: float
    holds: int
    listeners: dict[str, int]
    parked: int
    dead: int
    chores: int
    workers: int


class Tally:
    """How many rows of a table are in each state, the whole table read only once.

    From then on only what is newer than the last settled id is counted, and what waits, by its own
    index: what left that state meanwhile is now in the `usual` one. Anew every six hours, for rows
    that were removed.
    """

    def __init__(self, table: str, usual: int) -> None:
        self._count = COUNT.format(table=table)
        self._newest = f"SELECT coalesce(max(id), 0) FROM {table}"  # noqa: S608  ours
        self._usual = usual
        self._lock = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        self._began = time.monotonic()
        self._settled: Counter[int] = Counter()
        self._until = 0
        self._next: tuple[float, int] | None = None

    def read(self, waiting: dict[int, int]) -> dict[int, int]:
        """All states, given those counted already."""
        with self._lock:
            if time.monotonic() - self._began > COUNT_ANEW:
                self._begin()
            self._move_on()
            counted = self._settled + self._between(self._until, LAST)
        others = {s: n for s, n in counted.items() if s not in waiting and s != self._usual}
        rest = counted.total() - sum(waiting.values()) - sum(others.values())
        return {**waiting, **others, self._usual: max(rest, 0)}

    def _move_on(self) -> None:
        now = time.monotonic()
        if self._next is None:
            newest = rows(self._newest)[0][0]
            self._next = (now, newest)
            if not self._until:
                self._settle(max(0, newest - MOST))
        elif now - self._next[0] > SETTLED_AFTER:
            self._settle(self._next[1])
            self._next = None

    def _settle(self, until: int) -> None:
        self._settled += self._between(self._until, until)
        self._until = until

    def _between(self, after: int, until: int) -> Counter[int]:
        return Counter(dict(rows(self._count, after, until)))


def rows(query: str, *values: str | int) -> list[tuple[Any, ...]]:
    """Every row of a query."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


_inbound = Tally("intake_inbound", 1)
_outbound = Tally("intake_delivery", 2)
IN_STATES = ("received", "applied", "suspended", "quarantined", "duplicate", "deleted")
OUT_STATES = ("queued", "sending", "sent", "failed", "cancelled")


def read_figures(*, everything: bool = True) -> Figures:
    """Ask the database. Without `everything` what is done is not counted. Raises its errors."""
    received, suspended, quarantined, in_lag = rows(INBOUND)[0]
    queued, sending, failed, out_lag, holds = rows(OUTBOUND)[0]
    inbound = {0: received, 2: suspended, 3: quarantined}
    outbound = {0: queued, 1: sending, 3: failed}
    if everything:
        inbound, outbound = _inbound.read(inbound), _outbound.read(outbound)
    backlog = dict(rows(BACKLOG))
    return Figures(
        inbound={IN_STATES[state]: count for state, count in sorted(inbound.items())},
        inbound_lag=max(in_lag or 0.0, 0.0),
        outbound={OUT_STATES[state]: count for state, count in sorted(outbound.items())},
        outbound_lag=0.0 if holds else max(out_lag or 0.0, 0.0),
        holds=holds,
        listeners=_behind(),
        parked=backlog.get(False, 0),
        dead=backlog.get(True, 0),
        chores=rows(CHORES)[0][0],
        workers=rows(WORKERS, WORKER)[0][0],
    )


def _behind() -> dict[str, int]:
    """How many events each listener has still to be given."""
    waiting = Counter(dict(rows(WAITING, MOST)))
    behind = {one.name: sum(waiting[kind] for kind in one.kinds) for one in LISTENERS}
    kinds = {one.name: one.kinds for one in LISTENERS}
    for name, kind, count in rows(PARKED):
        if kind in kinds.get(name, ()):
            behind[name] += count
    return behind
