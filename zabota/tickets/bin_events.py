"""What happens to a ticket that nobody shall see: spam, the bin, and the ways back."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from zabota.events.registry import Names, event
from zabota.tickets.events import TicketEvent


@event
@dataclass(frozen=True, kw_only=True)
class TicketMarkedSpam(TicketEvent):
    """It is spam: hidden from everything, for 30 days; `by_score`: the house said so itself."""

    name = "ticket.spam"
    icon = "ban"
    by_score: bool = False

    def sentence(self, names: Names) -> str:
        return _("Taken for spam by its words") if self.by_score else _("Marked as spam")


@event
@dataclass(frozen=True, kw_only=True)
class TicketNotSpam(TicketEvent):
    """It was none; `was_born`: nobody has seen it until now, its customer has no receipt."""

    name = "ticket.not_spam"
    icon = "undo"
    was_born: bool = False

    def sentence(self, names: Names) -> str:
        return _("Not spam")


@event
@dataclass(frozen=True, kw_only=True)
class TicketDeleted(TicketEvent):
    """Into the bin, for 30 days."""

    name = "ticket.deleted"
    icon = "bin"

    def sentence(self, names: Names) -> str:
        return _("Put into the bin")


@event
@dataclass(frozen=True, kw_only=True)
class TicketRestored(TicketEvent):
    """Out of the bin again."""

    name = "ticket.restored"
    icon = "undo"

    def sentence(self, names: Names) -> str:
        return _("Brought back from the bin")


@event
@dataclass(frozen=True, kw_only=True)
class TicketPurged(TicketEvent):
    """Its 30 days are over: words and files are gone, the ledger keeps only ids."""

    name = "ticket.purged"
    icon = "bin"

    def sentence(self, names: Names) -> str:
        return _("Deleted for good")
