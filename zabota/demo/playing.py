"""The stories happen: turn by turn in the order of time, by the product's own actions."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

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
from zabota.tickets.models import Ticket
from zabota.tickets.receive import apply_inbound
from zabota.tickets.writing import send_reply, write_note
from zabota.worker import GRACE

# The team goes last: who hands a ticket to another team may not be allowed to change it after.
ORDER = ("priority", "category", "tags", "assignee", "status", "team")


@dataclass(slots=True)
class _Thread:
    """What a story has come to: its ticket, the ids of its mails, the last answer of ours."""

    ticket: Ticket | None = None
    ids: list[str] = field(default_factory=list)
    answer: Quoted | None = None


class Play:
    """All stories on one desk, up to `now`, which carries the desk's time zone."""

    def __init__(self, company: Company, desk: Desk, now: datetime) -> None:
        self.company, self.desk, self.now = company, desk, now
        self.threads: dict[str, _Thread] = {}

    def perform(self, stories: tuple[Story, ...]) -> None:
        """Everything in the order of time; solved tickets close when their grace is over."""
        turns = [
            (moment, story, turn)
            for story in stories
            for moment, turn in zip(place(story, self.company, self.now), story.turns, strict=True)
        ]
        self.threads = {story.slug: _Thread() for story in stories}
        today = None
        for moment, story, turn in sorted(turns, key=lambda one: one[0]):
            with clock.at(moment):
                if moment.date() != today:
                    close_solved(moment - GRACE)
                self._happen(story, turn, moment)
            today = moment.date()
        close_solved(self.now - GRACE)

    def _happen(self, story: Story, turn: Turn, moment: datetime) -> None:
        if turn.is_customers:
            self._receive(story, turn, moment)
        else:
            self._work(story, turn, moment)

    def _receive(self, story: Story, turn: Turn, moment: datetime) -> None:
        """A mail arrives; the house decides which ticket it belongs to."""
        thread, letter = self.threads[story.slug], self._letter(story, turn, moment)
        raw = write_letter(letter)
        accept_inbound(
            self.desk.inboxes[story.inbox],
            raw,
            external_id=letter.message_id,
            body_hash=hashlib.sha256(raw).digest(),
            envelope={},
            origin=Inbound.Origin.IMPORT,
        )
        apply_inbound()
        ticket = Ticket.objects.filter(messages__external_id=letter.message_id).first()
        if ticket is None or thread.ticket not in (None, ticket):
            reason = Inbound.objects.get(external_id=letter.message_id).reason
            raise BadStory(f"{story.slug}: a mail went elsewhere: {reason or ticket}")
        thread.ticket = ticket
        thread.ids.append(letter.message_id)

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

    def _work(self, story: Story, turn: Turn, moment: datetime) -> None:
        """An agent answers, notes or changes something; what they touch they have seen."""
        ticket, agent = self.threads[story.slug].ticket, self.desk.agents[turn.by]
        if ticket is None:
            raise BadStory(f"{story.slug}: nobody has written yet")
        if turn.text:
            self._answer(story, turn, moment, ticket)
        elif turn.note:
            note = typeset(self._fill(turn.note, story, moment))
            write_note(ticket, note, actor=agent)
            self._change(ticket, turn.do, agent)
        else:
            self._change(ticket, turn.do, agent)
        mark_seen(ticket, actor=agent)

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
        return fill(text, moment, story.language, self._number)

    def _number(self, slug: str) -> int:
        ticket = self.threads[slug].ticket
        if ticket is None:
            raise BadStory(f"{slug} is spoken of before it begins")
        return ticket.number


def _short_id(slug: str, moment: datetime) -> str:
    """Short enough that no header line with it needs folding."""
    return hashlib.sha256(f"{slug} {moment.isoformat()}".encode()).hexdigest()[:20]


def _subject(story: Story, *, is_first: bool) -> str:
    is_reply = is_first or story.subject.startswith("Re:")
    return story.subject if is_reply else f"Re: {story.subject}"
