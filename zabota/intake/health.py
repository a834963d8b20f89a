"""How taking in goes at each inbox, for those who look after it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import QuerySet

from zabota.core import clock
from zabota.intake.inboxes import WAITING
from zabota.intake.models import Inbox, InboxHealth
from zabota.intake.sources import Source, source_of
from zabota.intake.troubles import Words, words_for
from zabota.staff.models import Agent

LASTING = timedelta(minutes=15)  # until a mark in the navigation; and who looks looks more often
SOON = timedelta(days=7)
NEWEST = 20_000  # rows of the ledger that are counted, at most: no page costs more on a large desk
HOURS = 24

# By arrival the newest rows are nearly the last ones; imports carry dates of their own.
ARRIVALS = """
SELECT inbox_id, extract(epoch FROM %s - received_at)::bigint / 3600, count(*)
FROM (SELECT inbox_id, received_at FROM intake_inbound ORDER BY id DESC LIMIT %s) newest
WHERE received_at > %s AND received_at <= %s GROUP BY 1, 2
"""


def inboxes_visible_to(agent: Agent) -> QuerySet[Inbox]:
    """Every inbox, for those who look after the intake or after inboxes."""
    if not (agent.may("inbox.manage") or agent.may("intake.manage")):
        return Inbox.objects.none()
    return Inbox.objects.select_related("brand", "health").order_by("address")


@dataclass(frozen=True, slots=True)
class Condition:
    """How an inbox is. `kind`: paused, brought (it does not fetch), unconnected, waiting, silent
    (nobody has looked for long), trouble, working."""

    kind: str
    source: Source | None
    trouble: Words | None = None
    since: datetime | None = None
    worked_at: datetime | None = None
    checked_at: datetime | None = None
    left: int = 0
    sign_in_ends_at: datetime | None = None

    @property
    def is_bad(self) -> bool:
        return self.kind in ("trouble", "silent", "unconnected")


def condition_of(inbox: Inbox) -> Condition:
    """How this inbox is; `health` should be loaded."""
    source = source_of(inbox)
    if source is None or not inbox.is_active:
        return Condition("brought" if inbox.is_active else "paused", source)
    health = getattr(inbox, "health", None) or InboxHealth(inbox=inbox)
    return Condition(
        kind=_kind(inbox, source, health),
        source=source,
        trouble=words_for(health.trouble),
        since=health.trouble_since,
        worked_at=health.worked_at,
        checked_at=None if WAITING in health.figures else health.checked_at,
        left=health.figures.get("left", 0),
        sign_in_ends_at=_ends_soon(health),
    )


def _kind(inbox: Inbox, source: Source, health: InboxHealth) -> str:
    if source.provider and not inbox.secret:
        return "unconnected"
    if health.checked_at is None or clock.now() - health.checked_at > LASTING:
        return "silent"
    if health.trouble:
        return "trouble"
    return "waiting" if WAITING in health.figures else "working"


def _ends_soon(health: InboxHealth) -> datetime | None:
    """Until when the provider lets us in, if that is not for long."""
    said = health.figures.get("sign_in_ends_at")
    ends_at = datetime.fromisoformat(said) if said else None
    return ends_at if ends_at and ends_at - clock.now() < SOON else None


def arrivals() -> Mapping[int, Sequence[int]]:
    """What each inbox took in during each of the last 24 hours, the present one last."""
    now = clock.now()
    since = now - timedelta(hours=HOURS)
    counts: dict[int, list[int]] = defaultdict(lambda: [0] * HOURS)
    with connection.cursor() as cursor:
        cursor.execute(ARRIVALS, [now, NEWEST, since, now])
        for inbox_id, hours_ago, count in cursor:
            counts[inbox_id][HOURS - 1 - min(hours_ago, HOURS - 1)] += count
    return counts
