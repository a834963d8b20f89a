"""What happens to listeners themselves."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from zabota.events.registry import DomainEvent, Names, event


@dataclass(frozen=True, kw_only=True)
class _BacklogEvent(DomainEvent):
    """About one listener that waits on one stream, from event `at_seq` of it on."""

    stream = "backlog"
    on_timeline = False
    backlog_id: int
    listener: str
    subject_kind: str
    subject_id: int
    at_seq: int


@event
@dataclass(frozen=True, kw_only=True)
class ListenerRetried(_BacklogEvent):
    """Somebody asked for another try of a listener that had given up."""

    name = "listener.retried"
    icon = "undo"

    def sentence(self, names: Names) -> str:
        return _("Tried again")


@event
@dataclass(frozen=True, kw_only=True)
class ListenerSkipped(_BacklogEvent):
    """Somebody let a listener go on without the events it failed on; why stands in the audit."""

    name = "listener.skipped"
    icon = "x"

    def sentence(self, names: Names) -> str:
        return _("Skipped")
