"""The rail: views with their counts, the post, and who is looking."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Value
from django.utils.translation import pgettext

from zabota.intake.models import Delivery
from zabota.intake.queries import outbox_visible_to, set_aside_visible_to
from zabota.staff.models import Agent
from zabota.tickets.queries import VIEWS, View, count_views

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


def rail(agent: Agent) -> dict[str, Any]:
    """What the rail shows this agent."""
    may_manage = agent.may("intake.manage")
    return {
        "views": view_links(count_views(agent)),
        "me": agent,
        "may_write": agent.may("ticket.reply"),
        "may_manage": may_manage,
        **(_post(agent) if may_manage else {}),
    }


def _post(agent: Agent) -> dict[str, int]:
    """How much mail waits or failed, and how much was set aside, in one query."""
    outbox = _by_state("outbox", outbox_visible_to(agent))
    counts = list(outbox.union(_by_state("aside", set_aside_visible_to(agent)), all=True))
    failed = ("outbox", Delivery.State.FAILED)
    return {
        "outbox_count": sum(n for place, _state, n in counts if place == "outbox"),
        "outbox_failed": sum(n for place, state, n in counts if (place, state) == failed),
        "aside_count": sum(n for place, _state, n in counts if place == "aside"),
    }


def _by_state(place: str, rows: QuerySet[Any]) -> QuerySet[Any, tuple[str, int, int]]:
    counted = rows.select_related(None).order_by().values("state").annotate(n=Count("pk"))
    by_state: QuerySet[Any, tuple[str, int, int]] = counted.values_list(Value(place), "state", "n")
    return by_state
