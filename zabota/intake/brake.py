"""The brake: what is sent in a burst is rarely meant. It stops everything until a person looks."""

import logging
import os
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from django.db import connection
from django.db.models import Max

from zabota.core import clock
from zabota.core.environment import EnvironmentProblem
from zabota.intake.holds import open_hold
from zabota.intake.models import Hold

log = logging.getLogger("zabota.deliveries")

MINUTE, TEN_MINUTES = timedelta(minutes=1), timedelta(minutes=10)
AUTOMATIC, TO_ONE = "automatic within a minute", "to one address within ten minutes"
PAUSE = 1.0  # seconds between two looks of one process
# Only the newest rows are read, however long history is.
COUNT = """
WITH recent AS MATERIALIZED (
  SELECT recipient, created_at, is_automatic FROM intake_delivery
  WHERE id > (SELECT coalesce(max(id), 0) - %s FROM intake_delivery) AND created_at > %s
)
SELECT (SELECT count(*) FROM recent WHERE is_automatic AND created_at > %s),
       (SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM recent GROUP BY recipient) r)
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is still no burst: automatic letters a minute, and any to one address in ten."""

    automatic: int
    to_one: int


@cache
def limits() -> Limits | None:
    """`ZABOTA_BRAKE`, like `300/50`; None if it is off. Raises `EnvironmentProblem`."""
    said = os.environ.get("ZABOTA_BRAKE", "300/50")
    if said == "off":
        return None
    first, _slash, second = said.partition("/")
    if not (first.isdecimal() and second.isdecimal()):
        raise EnvironmentProblem("ZABOTA_BRAKE looks like 300/50, or is off")
    return Limits(int(first), int(second))


class Brake:
    """One process's look at what leaves; quick enough to be asked before each letter."""

    def __init__(self) -> None:
        self._looked_at = float("-inf")

    def check(self) -> None:
        """Open a hold if too much is being sent; at most one look a second."""
        allowed = limits()
        if allowed is None or time.monotonic() - self._looked_at < PAUSE:
            return
        self._looked_at = time.monotonic()
        if (reason := _burst(allowed)) and open_hold(Hold.Cause.BURST, reason):
            log.error("nothing is sent any more until somebody releases it: %s", reason)


def _burst(allowed: Limits) -> str:
    """What is too much since the last time somebody said that it was meant; "" if nothing is."""
    now = clock.now()
    meant = Hold.objects.filter(cause=Hold.Cause.BURST).aggregate(at=Max("released_at"))["at"]
    since: datetime = max(now - TEN_MINUTES, meant or now - TEN_MINUTES)
    rows = 2 * (allowed.automatic + allowed.to_one) + 1000
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [rows, since, max(since, now - MINUTE)])
        automatic, to_one = cursor.fetchone()
    if automatic > allowed.automatic:
        return f"{AUTOMATIC}: {automatic}"
    return f"{TO_ONE}: {to_one}" if to_one > allowed.to_one else ""
