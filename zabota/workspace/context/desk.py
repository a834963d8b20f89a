"""The parts of the desk: one builder a fragment, shared by page, htmx reply and live update."""

from functools import cached_property
from typing import Any

from zabota.intake.models import Inbox
from zabota.staff.models import Agent
from zabota.tickets.queries import VIEWS, View
from zabota.workspace.context import ticket as parts
from zabota.workspace.context.choices import load_choices
from zabota.workspace.context.lists import channel_mark, ticket_list
from zabota.workspace.context.rail import rail
from zabota.workspace.context.spoken import Spoken, load_spoken
from zabota.workspace.context.thread import thread
from zabota.workspace.pages import Builders, Context

LIST_BESIDE = "open"


class Desk:
    """What every page of the desk has."""

    def __init__(self, agent: Agent, *, fresh: bool = False) -> None:
        self.agent, self.fresh = agent, fresh

    @cached_property
    def _rail(self) -> dict[str, Any]:
        return rail(self.agent, fresh=self.fresh)

    def rail(self) -> Context:
        return self._rail

    def builders(self) -> Builders:
        return {"rail": self.rail}


class ListDesk(Desk):
    """A view of tickets."""

    def __init__(
        self, agent: Agent, view: View, *, fresh: bool, after: str = "", selected: int = 0
    ) -> None:
        super().__init__(agent, fresh=fresh)
        self.view, self.after, self.selected = view, after, selected

    def list(self) -> Context:
        part = ticket_list(self.agent, self.view, after=self.after, selected=self.selected)
        return {**self._rail, **part, **({} if part["rows"] else self._when_empty())}

    def _when_empty(self) -> Context:
        """What to do next: take one, or, on a new desk, send the first mail."""
        counts = {link.slug: link.count for link in self._rail["views"]}
        inbox = None
        if not any(counts.values()):
            inbox = Inbox.objects.filter(is_active=True).order_by("pk").first()
        return {"unassigned": counts["unassigned"], "first_inbox": inbox}

    def builders(self) -> Builders:
        return {**super().builders(), "list": self.list}


class TicketDesk(ListDesk):
    """A ticket between its list and its customer; `writing` is what the composer holds."""

    def __init__(
        self, agent: Agent, ticket: Any, view: str, *, fresh: bool, everything: bool, **writing: str
    ) -> None:
        beside = VIEWS.get(view, VIEWS[LIST_BESIDE])
        super().__init__(agent, beside, fresh=fresh, selected=ticket.number)
        self.ticket, self.everything, self.writing = ticket, everything, writing

    @cached_property
    def _choices(self) -> Any:
        return load_choices()

    @cached_property
    def _spoken(self) -> Spoken:
        return load_spoken(self.ticket, self.agent, everything=self.everything)

    @property
    def _beside(self) -> str:
        """Keeps the same list beside the ticket after a form was sent."""
        return f"?view={self.view.slug}"

    def head(self) -> Context:
        return {
            **parts.head(self.ticket, self.agent, self._choices),
            "view": self.view,
            "beside": self._beside,
        }

    def thread(self) -> Context:
        return {
            "ticket": self.ticket,
            "beside": self._beside,
            "days": thread(self.ticket, self.agent, self._spoken, self._choices),
            "channel": channel_mark(self.ticket.channel),
            "is_cut": self._spoken.is_cut,
            "may_reply": self.agent.may("ticket.reply"),
        }

    def composer(self) -> Context:
        if not self.agent.may("ticket.edit"):
            return {"composer": None}
        mine = self._spoken.by(self.agent)
        written = parts.composer(self.ticket, self.agent, mine, self._beside, **self.writing)
        return {"composer": written}

    def card(self) -> Context:
        return parts.card(self.ticket, self.agent)

    def builders(self) -> Builders:
        of_ticket = {
            "head": self.head,
            "thread": self.thread,
            "composer": self.composer,
            "card": self.card,
        }
        return {**super().builders(), **of_ticket}
