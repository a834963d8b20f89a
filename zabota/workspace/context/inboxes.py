"""What the pages of inboxes show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from zabota.company.models import Brand
from zabota.intake.health import Condition, arrivals, condition_of, inboxes_visible_to
from zabota.intake.models import Inbox
from zabota.intake.registry import channel_of
from zabota.intake.sources import FETCHING, After, Finding, Security, Source
from zabota.intake.troubles import say
from zabota.staff.models import Agent
from zabota.workspace.inbox_forms import InboxForm

PLOT = 20  # height of the plot of a day


@dataclass(frozen=True, slots=True)
class InboxRow:
    """An inbox in the list; `bars` are the last 24 hours as heights."""

    inbox: Inbox
    icon: str
    condition: Condition
    today: int
    bars: Sequence[int]


def inbox_rows(agent: Agent) -> list[InboxRow]:
    """Every inbox, those with trouble first."""
    counts = arrivals()
    rows = [_row(inbox, counts.get(inbox.pk, ())) for inbox in inboxes_visible_to(agent)]
    return sorted(rows, key=lambda row: not row.condition.is_bad)


def _row(inbox: Inbox, hours: Sequence[int]) -> InboxRow:
    most = max(hours, default=0)
    bars = [-(-n * PLOT // most) for n in hours] if most else []
    return InboxRow(inbox, channel_of(inbox.channel).icon, condition_of(inbox), sum(hours), bars)


def inbox_page(inbox: Inbox | None, form: InboxForm | None, found: Finding | None) -> Any:
    """One inbox and its form: as it was sent, else as it is."""
    fetching = FETCHING.get(inbox.channel) if inbox else next(iter(FETCHING.values()), None)
    condition = condition_of(inbox) if inbox else None
    source = form.source if form else condition.source if condition else None
    return {
        "inbox": inbox,
        "condition": condition,
        "source": source,
        "found": found,
        "problems": form.problems if form else {},
        "brands": [(brand.pk, brand.name) for brand in Brand.objects.order_by("pk")],
        "providers": _providers(fetching, source),
        "securities": _securities(source),
        "afters": _afters(),
        "is_new_source": not (condition and condition.source),
        "say_trouble": say,
    }


def _securities(source: Source | None) -> list[tuple[Security, str]]:
    offered = [(Security.TLS, "TLS"), (Security.STARTTLS, "STARTTLS")]
    if source and source.security == Security.NONE:
        offered.append((Security.NONE, _("none, on this machine")))
    return offered


def _afters() -> list[tuple[After, str]]:
    return [
        (After.LEAVE, _("nothing: it stays as it is, unread too")),
        (After.SEEN, _("it is marked as read")),
        (After.MOVE, _("it is moved to another folder")),
        (After.DELETE, _("it is deleted there")),
    ]


def _providers(fetching: Any, source: Source | None) -> Mapping[str, str]:
    """Those this installation is known to, and the one in use."""
    if fetching is None:
        return {}
    used = source.provider if source else ""
    return {
        name: words
        for name, words in fetching.providers.items()
        if fetching.is_known(name) or name == used
    }
