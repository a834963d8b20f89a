"""What happens to a ticket. Each class is the only place where its kind is named."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from zabota.events.registry import DomainEvent, Names, event


@dataclass(frozen=True, kw_only=True)
class TicketEvent(DomainEvent):
    """Anything on a ticket's stream."""

    stream = "ticket"
    ticket_id: int


@event
@dataclass(frozen=True, kw_only=True)
class TicketOpened(TicketEvent):
    """A request was registered, with its first message."""

    name = "ticket.opened"
    icon = "inbox"
    message_id: int
    inbox_id: int
    customer_id: int
    channel: str
    origin: str
    automatic: bool = False
    follows_id: int | None = None

    def sentence(self, names: Names) -> str:
        if self.origin == "agent":
            return _("Opened by an agent")
        return (
            _("Imported and registered")
            if self.origin == "import"
            else _("Received and registered")
        )


@event
@dataclass(frozen=True, kw_only=True)
class MessageReceived(TicketEvent):
    """The customer, or somebody beside them, wrote again."""

    name = "message.received"
    icon = "mail"
    on_timeline = False
    message_id: int
    author: str
    origin: str
    automatic: bool = False

    def sentence(self, names: Names) -> str:
        return _("Message received")


@event
@dataclass(frozen=True, kw_only=True)
class ReplySent(TicketEvent):
    """An agent answered; the delivery is queued."""

    name = "reply.sent"
    icon = "reply"
    on_timeline = False
    message_id: int
    agent_id: int | None

    def sentence(self, names: Names) -> str:
        return _("Reply sent")


@event
@dataclass(frozen=True, kw_only=True)
class ReplyUndone(TicketEvent):
    """A reply was taken back before it left."""

    name = "reply.undone"
    icon = "undo"
    message_id: int

    def sentence(self, names: Names) -> str:
        return _("Sending undone")


@event
@dataclass(frozen=True, kw_only=True)
class ReplyFailed(TicketEvent):
    """A reply could not be delivered; the customer has not read it."""

    name = "reply.failed"
    icon = "late"
    message_id: int

    def sentence(self, names: Names) -> str:
        return _("The reply could not be delivered")


@event
@dataclass(frozen=True, kw_only=True)
class ReceiptQueued(TicketEvent):
    """The customer is told that we have their message."""

    name = "receipt.queued"
    icon = "check"

    def sentence(self, names: Names) -> str:
        return _("Receipt confirmed to the customer")


@event
@dataclass(frozen=True, kw_only=True)
class NoteWritten(TicketEvent):
    """A colleague left a note."""

    name = "note.written"
    icon = "lock"
    on_timeline = False
    note_id: int
    agent_id: int | None

    def sentence(self, names: Names) -> str:
        return _("Note written")


@event
@dataclass(frozen=True, kw_only=True)
class StatusChanged(TicketEvent):
    """Open, pending, on hold, solved, closed; solved ones with their outcome."""

    name = "ticket.status"
    icon = "half"
    before: int
    after: int
    outcome: int | None = None

    def sentence(self, names: Names) -> str:
        status = names.choice("status", self.after)
        if self.outcome is None:
            return _("Status: %(status)s") % {"status": status}
        outcome = names.choice("outcome", self.outcome)
        return _("Status: %(status)s, outcome: %(outcome)s") % {
            "status": status,
            "outcome": outcome,
        }


@event
@dataclass(frozen=True, kw_only=True)
class TicketReopened(TicketEvent):
    """The customer answered a solved ticket."""

    name = "ticket.reopened"
    icon = "undo"
    before: int

    def sentence(self, names: Names) -> str:
        return _("Reopened by the customer's answer")


@event
@dataclass(frozen=True, kw_only=True)
class PriorityChanged(TicketEvent):
    """Low, normal, high, urgent."""

    name = "ticket.priority"
    icon = "bars"
    before: int
    after: int

    def sentence(self, names: Names) -> str:
        return _("Priority: %(priority)s") % {"priority": names.choice("priority", self.after)}


@event
@dataclass(frozen=True, kw_only=True)
class TicketAssigned(TicketEvent):
    """Somebody took it, or it was given to them; None: to nobody."""

    name = "ticket.assigned"
    icon = "user"
    before: int | None
    after: int | None

    def sentence(self, names: Names) -> str:
        if self.after is None:
            return _("Assigned to nobody")
        return _("Assigned to %(agent)s") % {"agent": names.agent(self.after)}


@event
@dataclass(frozen=True, kw_only=True)
class TeamChanged(TicketEvent):
    """Another team has it now."""

    name = "ticket.team"
    icon = "users"
    before: int | None
    after: int | None

    def sentence(self, names: Names) -> str:
        if self.after is None:
            return _("Taken from its team")
        return _("Team: %(team)s") % {"team": names.team(self.after)}


@event
@dataclass(frozen=True, kw_only=True)
class CategoryChanged(TicketEvent):
    """What it is about."""

    name = "ticket.category"
    icon = "filter"
    before: int | None
    after: int | None

    def sentence(self, names: Names) -> str:
        if self.after is None:
            return _("Category removed")
        return _("Category: %(category)s") % {"category": names.category(self.after)}


@event
@dataclass(frozen=True, kw_only=True)
class TagsChanged(TicketEvent):
    """How many words of the team's were put on it and taken off."""

    name = "ticket.tags"
    icon = "tag"
    added: int
    removed: int

    def sentence(self, names: Names) -> str:
        parts = []
        if self.added:
            text = ngettext("%(n)d tag added", "%(n)d tags added", self.added)
            parts.append(text % {"n": self.added})
        if self.removed:
            text = ngettext("%(n)d tag removed", "%(n)d tags removed", self.removed)
            parts.append(text % {"n": self.removed})
        return ", ".join(parts)


@event
@dataclass(frozen=True, kw_only=True)
class SubjectChanged(TicketEvent):
    """An agent gave it a better subject."""

    name = "ticket.subject"
    icon = "reply"

    def sentence(self, names: Names) -> str:
        return _("Subject changed")


@event
@dataclass(frozen=True, kw_only=True)
class AddressChanged(TicketEvent):
    """An agent took up another address that answers go to."""

    name = "ticket.address"
    icon = "mail"
    before: int
    after: int

    def sentence(self, names: Names) -> str:
        return _("Answers go to another address")
