"""Spam and the bin: what is hidden, why, and until when."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.translation import pgettext

from zabota.staff.models import Agent
from zabota.tickets.bin import KEPT, bin_visible_to
from zabota.tickets.models import Message, Ticket
from zabota.workspace.context.clues import telling_words
from zabota.workspace.context.desk import Desk
from zabota.workspace.context.lists import channel_mark, no_subject
from zabota.workspace.context.post import PostRow
from zabota.workspace.pages import Builders, Context
from zabota.workspace.words import times

PAGE = 50
MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class BinTab:
    """Spam, or the bin."""

    slug: str
    title: str
    url: str


def bin_tabs(agent: Agent) -> list[BinTab]:
    """Those this agent may open."""
    tabs = []
    if agent.may("ticket.edit"):
        tabs.append(BinTab("spam", pgettext("view", "Spam"), reverse("spam")))
    if agent.may("ticket.delete"):
        tabs.append(BinTab("bin", pgettext("view", "Bin"), reverse("bin")))
    return tabs


class BinDesk(Desk):
    """One of both lists, and perhaps one ticket beside it."""

    def __init__(
        self, agent: Agent, slug: str, *, fresh: bool, after: str = "", selected: int = 0
    ) -> None:
        super().__init__(agent, fresh=fresh)
        self.slug, self.selected = slug, selected
        self.after = int(after) if after.isdecimal() and len(after) < 19 else 0

    @cached_property
    def _page_of_rows(self) -> list[Ticket]:
        rows = bin_visible_to(self.agent, spam=self.slug == "spam")
        rows = rows.select_related("customer", "identity").order_by("-id")
        return list((rows.filter(pk__lt=self.after) if self.after else rows)[:PAGE])

    def hidden(self) -> Context:
        rows = self._page_of_rows
        tabs = bin_tabs(self.agent)
        return {
            **self._rail,
            "tabs": tabs,
            "tab": next(tab for tab in tabs if tab.slug == self.slug),
            "rows": [_row(ticket) for ticket in rows],
            "older": rows[-1].pk if len(rows) == PAGE else 0,
            "is_first_page": not self.after,
            "selected": self.selected,
            "days": KEPT.days,
        }

    def builders(self) -> Builders:
        return {**super().builders(), "hidden": self.hidden}


def _row(ticket: Ticket) -> PostRow:
    return PostRow(
        key=f"t{ticket.number}",
        pk=ticket.number,
        url=reverse("hidden_ticket", args=[ticket.number]),
        icon=channel_mark(ticket.channel).icon,
        name=ticket.customer.name or ticket.identity.value,
        subject=ticket.subject or no_subject(),
        words=ticket.last_words,
        at=ticket.deleted_at or ticket.created_at,
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """A message of a hidden ticket, as text."""

    id: int
    name: str
    address: str
    at: datetime
    text: str
    quote: str
    is_ours: bool


def hidden_ticket(ticket: Ticket) -> dict[str, Any]:
    """What a hidden ticket said, what led to its score, and the day it goes for good."""
    rows = list(Message.objects.filter(ticket=ticket, undone_at=None).order_by("id")[:MOST_SHOWN])
    return {
        "ticket": ticket,
        "subject": ticket.subject or no_subject(),
        "shown": [
            Shown(
                id=row.pk,
                name=row.author_name or row.author_address,
                address=row.author_address,
                at=row.created_at,
                text=row.text,
                quote=row.quoted_text,
                is_ours=row.direction == 1,
            )
            for row in rows
        ],
        "clues": telling_words(rows[0]) if ticket.spam_score is not None and rows else [],
        "until": times().day((ticket.deleted_at or ticket.created_at) + KEPT),
    }
