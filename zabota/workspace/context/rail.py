"""The rail: views with their counts, the post, and who is looking."""

import time
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import pgettext

from zabota.staff.models import Agent
from zabota.tickets.queries import VIEWS, View, count_views

# For who may manage the intake. States as literals: so the partial indexes count them.
POST = """
SELECT (SELECT count(*) FROM intake_delivery WHERE state IN (0, 1)),
       (SELECT count(*) FROM intake_delivery WHERE state = 3),
       (SELECT count(*) FROM intake_inbound WHERE state IN (2, 3) AND state = 2),
       (SELECT count(*) FROM intake_inbound WHERE state IN (2, 3) AND state = 3),
       EXISTS (SELECT FROM intake_inbox i JOIN intake_inboxhealth h ON h.inbox_id = i.id
               WHERE i.is_active AND jsonb_exists(i.settings, 'source')
               AND least(h.trouble_since, h.checked_at) < now() - interval '15 minutes')
"""
# Counting is linear in open tickets; what others did meanwhile comes by the live screen, fresh.
KEPT = 5.0
_counted: dict[int, tuple[float, dict[str, int]]] = {}
KEYS = {"mine": "m", "unassigned": "u", "open": "o", "solved": "s"}


@dataclass(frozen=True, slots=True)
class ViewLink:
    """A view as the rail and the head of a list name it; `key` comes after G."""

    slug: str
    title: str
    words: str
    icon: str
    key: str
    count: int


def _short(view: View) -> str:
    """A word that fits the rail and the bar of a telephone."""
    short = {"unassigned": pgettext("view, short", "Unassigned")}
    return short.get(view.slug, str(view.name))


def view_links(counts: dict[str, int]) -> list[ViewLink]:
    """Every view, in the order of the rail."""
    return [
        ViewLink(v.slug, str(v.name), _short(v), v.icon, KEYS[v.slug], counts[v.slug])
        for v in VIEWS.values()
    ]


def rail(agent: Agent, *, fresh: bool = True) -> dict[str, Any]:
    """What the rail shows this agent; unless `fresh`, its counts may be some seconds old."""
    may_manage = agent.may("intake.manage")
    return {
        "views": view_links(_counts(agent, fresh)),
        "me": agent,
        "may_write": agent.may("ticket.reply"),
        "may_manage": may_manage,
        "may_put_away": agent.may("ticket.edit"),
        "may_delete": agent.may("ticket.delete"),
        "may_company": agent.may("company.manage"),
        **(_post() if may_manage else {}),
    }


def _counts(agent: Agent, fresh: bool) -> dict[str, int]:
    now = time.monotonic()
    counted_at, counts = _counted.get(agent.pk, (0.0, {}))
    if fresh or now - counted_at > KEPT:
        counts = count_views(agent)
        _counted[agent.pk] = (now, counts)
    return counts


def forget_counts(agent: Agent) -> None:
    """They did something: their next page counts anew."""
    _counted.pop(agent.pk, None)


def _post() -> dict[str, int]:
    """How much mail waits or failed, how much was set aside, how inboxes are: in one query."""
    with connection.cursor() as cursor:
        cursor.execute(POST)
        waiting, failed, suspended, quarantined, inbox_trouble = cursor.fetchone()
    return {
        "outbox_count": waiting + failed,
        "outbox_failed": failed,
        "aside_count": suspended + quarantined,
        "aside_suspended": suspended,
        "aside_quarantined": quarantined,
        "inbox_trouble": inbox_trouble,  # for longer than a passing one
    }
