"""The post: what was set aside, what has not gone out, and what is being done about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.fields.json import KT
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from zabota.core.environment import env
from zabota.intake.aside import About
from zabota.intake.chores import open_chores
from zabota.intake.holds import open_holds
from zabota.intake.models import Delivery, Inbound
from zabota.intake.queries import outbox_visible_to, set_aside_visible_to
from zabota.intake.reasons import reason_in_words
from zabota.intake.returns import failure_in_words
from zabota.staff.models import Agent
from zabota.tickets.queries import tickets_visible_to
from zabota.workspace.context.desk import Desk
from zabota.workspace.context.holds import hold_lines
from zabota.workspace.context.lists import no_subject
from zabota.workspace.pages import Builders, Context
from zabota.workspace.words import times

PAGE = 50
State = Delivery.State
ASIDE = {"suspended": Inbound.State.SUSPENDED, "quarantined": Inbound.State.QUARANTINED}
OUT = {"waiting": (State.QUEUED, State.SENDING), "failed": (State.FAILED,)}


@dataclass(frozen=True, slots=True)
class Tab:
    """One list of the post; `page` names the address it is on."""

    slug: str
    page: str
    title: str
    count: int
    is_bad: bool = False

    @property
    def url(self) -> str:
        first = {"inbound": "suspended", "outbox": "waiting"}[self.page]
        return reverse(self.page) + ("" if self.slug == first else f"?tab={self.slug}")


@dataclass(frozen=True, slots=True)
class PostRow:
    """A letter that waits for somebody, as a list shows it; `url` is "" where it leads nowhere."""

    key: str
    pk: int
    url: str
    icon: str
    name: str
    subject: str
    words: str
    at: datetime
    size: int = 0
    is_bad: bool = False


class PostDesk(Desk):
    """A list of the post, and perhaps one letter of it beside."""

    def __init__(
        self, agent: Agent, page: str, tab: str, *, fresh: bool, after: str = "", selected: int = 0
    ) -> None:
        super().__init__(agent, fresh=fresh)
        known = ASIDE if page == "inbound" else OUT
        self.slug = tab if tab in known else next(iter(known))
        self.after = int(after) if after.isdecimal() and len(after) < 19 else 0
        self.page, self.selected = page, selected

    def rows(self) -> QuerySet[Any]:
        """Everything of this tab, newest first."""
        if self.page == "inbound":
            return set_aside_visible_to(self.agent).filter(state=ASIDE[self.slug])
        return outbox_visible_to(self.agent).filter(state__in=OUT[self.slug])

    @cached_property
    def _page_of_rows(self) -> Sequence[PostRow]:
        rows = self.rows()
        if self.after:
            rows = rows.filter(pk__lt=self.after)
        if self.page == "inbound":
            return [_aside_row(row) for row in rows[:PAGE]]
        is_held = open_holds().exists()
        found = list(rows.defer("payload").annotate(subject=KT("payload__subject"))[:PAGE])
        ids = [one.stream_id for one in found if one.stream_kind == "ticket"]
        numbers = tickets_visible_to(self.agent).filter(pk__in=ids).values_list("pk", "number")
        return [_delivery_row(one, dict(numbers), is_held=is_held) for one in found]

    def post(self) -> Context:
        tabs = self._tabs()
        here = next(tab for tab in tabs if tab.slug == self.slug)
        rows = self._page_of_rows
        return {
            "lists": tabs,
            "tab": here,
            "rows": rows,
            "older": rows[-1].pk if len(rows) == PAGE else 0,
            "is_first_page": not self.after,
            "selected": self.selected,
            "chores": list(open_chores().values("id", "done", total=F("ids__len"))[:3]),
            "can_send": bool(env.outgoing_mail),
            "holds": hold_lines() if here.page == "outbox" else [],
        }

    def _tabs(self) -> list[Tab]:
        counts = self._rail
        failed = counts["outbox_failed"]
        return [
            Tab("suspended", "inbound", _("Suspended"), counts["aside_suspended"]),
            Tab("quarantined", "inbound", _("Unreadable"), counts["aside_quarantined"]),
            Tab("waiting", "outbox", _("Outbox"), counts["outbox_count"] - failed),
            Tab("failed", "outbox", pgettext("letters", "Failed"), failed, is_bad=failed > 0),
        ]

    def builders(self) -> Builders:
        return {**super().builders(), "post": self.post}


def _aside_row(row: Inbound) -> PostRow:
    about = About.of(row.envelope)
    return PostRow(
        key=f"i{row.pk}",
        pk=row.pk,
        url=reverse("inbound_letter", args=[row.pk]),
        icon="late" if row.state == Inbound.State.QUARANTINED else "ban",
        name=about.name or about.author or _("(no sender)"),
        subject=about.subject or no_subject(),
        words=reason_in_words(row.reason),
        at=row.received_at,
        size=about.size,
    )


def _delivery_row(row: Any, numbers: dict[int, int], *, is_held: bool) -> PostRow:
    number = numbers.get(row.stream_id) if row.stream_kind == "ticket" else None
    subject = row.subject or no_subject()
    return PostRow(
        key=f"d{row.pk}",
        pk=row.pk,
        url=reverse("ticket", args=[number]) if number else "",
        icon="check" if row.is_automatic else "reply",
        name=row.recipient,
        subject=subject,
        words=delivery_in_words(row, is_held=is_held),
        at=row.created_at,
        is_bad=row.state == State.FAILED,
    )


def delivery_in_words(row: Delivery, *, is_held: bool = False) -> str:
    """How far it has come, and why not further."""
    if row.state == State.FAILED:
        return failure_in_words(row.error)
    if row.state == State.SENDING:
        return _("being sent")
    if is_held:
        return _("held back")
    if row.is_waiting:
        return _("waits for a mail server")
    when = times().moment(row.due_at)
    if row.error:
        return _("next try %(when)s") % {"when": when} + f": {failure_in_words(row.error)}"
    return _("leaves %(when)s") % {"when": when}
