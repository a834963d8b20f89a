"""The stories happen: turn by turn in the order of time, by the product's own actions."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from zabota.channels.email.identity import identify
from zabota.core import clock
from zabota.demo.content import BadStory, Company, Quote, Story, Turn
from zabota.demo.founding import Desk
from zabota.demo.letters import Letter, write_letter
from zabota.demo.moments import duration, place
from zabota.demo.phrases import fill, typeset
from zabota.demo.quoting import Quoted
from zabota.intake.actions import accept_inbound
from zabota.intake.models import Inbound
from zabota.staff.models import Agent
from zabota.tickets.actions import change_ticket, close_solved, mark_seen
from zabota.tickets.choices import Outcome, Priority, Status
from zabota.tickets.models import Message, Ticket
from zabota.tickets.receive import apply_inbound
from zabota.tickets.writing import send_reply, write_note
from zabota.worker import GRACE

BATCH = 50
# The team goes last: who hands a ticket to another team may not be allowed to change it after.
ORDER = ("priority", "category", "tags", "assignee", "status", "team")


@dataclass(slots=True)
class _Thread:
    """What a story has come to: its ticket, the ids of its mails, the last answer of ours."""

    ticket: Ticket | None = None
    ids: list[str] = field(default_factory=list)
    answer: Quoted | None = None


class _Moment(NamedTuple):
    """A turn and when it happens."""

    at: datetime
    story: Story
    turn: Turn


class Play:
    """All stories on one desk, up to `now`, which carries the desk's time zone."""

    def __init__(self, company: Company, desk: Desk, now: datetime) -> None:
        self.company, self.desk, self.now = company, desk, now
        self.threads: dict[str, _Thread] = {}
        self.seen: dict[tuple[str, str], datetime] = {}

    def perform(self, stories: tuple[Story, ...]) -> None:
        """Everything in the order of time; solved tickets close when their grace is over."""
        moments = [
            _Moment(at, story, turn)
            for story in stories
            for at, turn in zip(place(story, self.company, self.now), story.turns, strict=True)
        ]
        self.threads = {story.slug: _Thread() for story in stories}
        for is_customers, run in groupby(sorted(moments, key=_when), key=_is_customers):
            (self._receive if is_customers else self._work)(list(run))
        _close_solved(self.now)
        for (slug, agent), at in self.seen.items():
            with clock.at(at):
                mark_seen(self._ticket(slug), actor=self.desk.agents[agent])

    def _receive(self, run: Sequence[_Moment]) -> None:
        """Mails arrive; the house decides which ticket each belongs to."""
        _close_solved(run[0].at)
        arrived = {self._accept(moment): moment.story.slug for moment in run}
        with clock.at(run[-1].at):
            while apply_inbound(BATCH) == BATCH:
                pass
        messages = Message.objects.filter(external_id__in=arrived).select_related("ticket")
        found = {message.external_id: message.ticket for message in messages}
        for external_id, slug in arrived.items():
            thread, ticket = self.threads[slug], found.get(external_id)
            if ticket is None or thread.ticket not in (None, ticket):
                reason = Inbound.objects.get(external_id=external_id).reason
                raise BadStory(f"{slug}: a mail went elsewhere: {reason or ticket}")
            thread.ticket = ticket

    def _accept(self, moment: _Moment) -> str:
        """Lay a mail into the ledger; its id."""
        letter = self._letter(moment.story, moment.turn, moment.at)
        raw = write_letter(letter)
        external_id, body_hash = identify(raw)
        accept_inbound(
            self.desk.inboxes[moment.story.inbox],
            raw,
            external_id=external_id,
            body_hash=body_hash,
            envelope={},
            origin=Inbound.Origin.IMPORT,
            received_at=moment.at,
        )
        self.threads[moment.story.slug].ids.append(external_id)
        return external_id

    def _letter(self, story: Story, turn: Turn, moment: datetime) -> Letter:
        customer, inbox = self.company.customers[story.customer], self.desk.inboxes[story.inbox]
        thread, domain = self.threads[story.slug], customer.email.partition("@")[2]
        earlier = self.threads[story.continues].ids if story.continues else []
        return Letter(
            customer=customer,
            language=story.language,
            to=inbox.address,
            to_name=inbox.name,
            subject=turn.subject or _subject(story, is_first=not thread.ids),
            text=self._fill(turn.text, story, moment),
            sent_at=moment,
            message_id=f"{_short_id(story.slug, moment)}@{domain}",
            references=[*earlier, *thread.ids],
            quoted=self._quoted(turn, thread, moment),
            files=turn.files,
            auto=turn.auto,
        )

    def _quoted(self, turn: Turn, thread: _Thread, moment: datetime) -> Quoted | None:
        if isinstance(turn.quote, Quote):
            inbox, then = self.desk.inboxes["help"], moment - duration(turn.quote.ago)
            return Quoted(inbox.name, inbox.address, then, "", turn.quote.text.strip())
        return thread.answer if turn.quote else None

    def _work(self, run: Sequence[_Moment]) -> None:
        """Agents answer, note or change something; what they touch they have seen."""
        for at, story, turn in run:
            ticket, agent = self._ticket(story.slug), self.desk.agents[turn.by]
            self.seen[story.slug, turn.by] = at
            with clock.at(at):
                if turn.text:
                    self._answer(story, turn, at, ticket)
                    continue
                if turn.note:
                    write_note(ticket, typeset(self._fill(turn.note, story, at)), actor=agent)
                self._change(ticket, turn.do, agent)

    def _ticket(self, slug: str) -> Ticket:
        if ticket := self.threads[slug].ticket:
            return ticket
        raise BadStory(f"{slug}: its ticket is not there yet")

    def _answer(self, story: Story, turn: Turn, moment: datetime, ticket: Ticket) -> None:
        """Who takes a ticket takes it first, then answers; the answer brings the new status."""
        thread, agent, do = self.threads[story.slug], self.desk.agents[turn.by], dict(turn.do)
        status, outcome = do.pop("status", "pending"), do.pop("outcome", "solved")
        ends_otherwise = status == "solved" and outcome != "solved"
        self._change(ticket, do, agent)
        message = send_reply(
            ticket,
            typeset(self._fill(turn.text, story, moment)),
            actor=agent,
            status=Status.OPEN if ends_otherwise else Status[status.upper()],
            deliver=False,
        )
        if ends_otherwise:
            self._change(ticket, {"status": status, "outcome": outcome}, agent)
        thread.ids.append(message.external_id)
        name, address = f"{agent.name}, {self.desk.brand.name}", message.author_address
        thread.answer = Quoted(name, address, moment, message.subject, message.text)

    def _change(self, ticket: Ticket, do: Any, agent: Agent) -> None:
        if not (changes := self._changes(ticket, do)):
            return
        outcome = Outcome[do["outcome"].upper()] if "outcome" in do else None
        in_order = {name: changes[name] for name in ORDER if name in changes}
        change_ticket(ticket, in_order, actor=agent, outcome=outcome)

    def _changes(self, ticket: Ticket, do: Any) -> dict[str, Any]:
        """A turn's `do` in the words of `change_ticket`; tags are added to those there are."""
        changes: dict[str, Any] = {}
        for key, value in do.items():
            match key:
                case "priority":
                    changes[key] = Priority[value.upper()]
                case "status":
                    changes[key] = Status[value.upper()]
                case "category":
                    changes[key] = self.desk.categories[value]
                case "team":
                    changes[key] = self.desk.teams[value]
                case "assign":
                    changes["assignee"] = self.desk.agents[value]
                case "tags":
                    had = Ticket.objects.values_list("tags", flat=True).get(pk=ticket.pk)
                    changes[key] = [*had, *(self.company.tags[tag] for tag in value)]
        return changes

    def _fill(self, text: str, story: Story, moment: datetime) -> str:
        return fill(text, moment, story.language, lambda slug: self._ticket(slug).number)


def _when(moment: _Moment) -> datetime:
    return moment.at


def _is_customers(moment: _Moment) -> bool:
    return moment.turn.is_customers


def _close_solved(at: datetime) -> None:
    """What the desk's housekeeping does all day."""
    with clock.at(at):
        close_solved(at - GRACE)


def _short_id(slug: str, moment: datetime) -> str:
    """Short enough that no header line with it needs folding."""
    return hashlib.sha256(f"{slug} {moment.isoformat()}".encode()).hexdigest()[:20]


def _subject(story: Story, *, is_first: bool) -> str:
    is_reply = is_first or story.subject.startswith("Re:")
    return story.subject if is_reply else f"Re: {story.subject}"
