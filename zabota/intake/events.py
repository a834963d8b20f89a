"""What happens in the hall."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from zabota.events.registry import DomainEvent, Names, event


@dataclass(frozen=True, kw_only=True)
class _DeliveryEvent(DomainEvent):
    """About one delivery; `subject_kind` and `subject_id` are the stream it answers."""

    stream = "delivery"
    on_timeline = False
    delivery_id: int
    subject_kind: str
    subject_id: int
    message_id: int | None
    automatic: bool

    def touches(self) -> tuple[str, int]:
        return self.subject_kind, self.subject_id


@event
@dataclass(frozen=True, kw_only=True)
class DeliverySent(_DeliveryEvent):
    """The channel took it."""

    name = "delivery.sent"
    icon = "check"

    def sentence(self, names: Names) -> str:
        return _("Sent")


@event
@dataclass(frozen=True, kw_only=True)
class DeliveryFailed(_DeliveryEvent):
    """The channel refused it for good; the reason stands on the delivery."""

    name = "delivery.failed"
    icon = "late"

    def sentence(self, names: Names) -> str:
        return _("Could not be delivered")


@event
@dataclass(frozen=True, kw_only=True)
class InboundSetAside(DomainEvent):
    """Something taken in could not be applied: suspended or quarantined."""

    name = "inbound.set_aside"
    stream = "inbound"
    icon = "late"
    inbound_id: int
    state: str

    def sentence(self, names: Names) -> str:
        return _("Set aside")


@event
@dataclass(frozen=True, kw_only=True)
class InboundRetried(DomainEvent):
    """Somebody asked for another try."""

    name = "inbound.retried"
    stream = "inbound"
    icon = "undo"
    inbound_id: int

    def sentence(self, names: Names) -> str:
        return _("Tried again")


@event
@dataclass(frozen=True, kw_only=True)
class InboundDeleted(DomainEvent):
    """Somebody deleted what was set aside."""

    name = "inbound.deleted"
    stream = "inbound"
    icon = "x"
    inbound_id: int

    def sentence(self, names: Names) -> str:
        return _("Deleted")


@event
@dataclass(frozen=True, kw_only=True)
class InboundRestored(DomainEvent):
    """And brought it back."""

    name = "inbound.restored"
    stream = "inbound"
    icon = "undo"
    inbound_id: int

    def sentence(self, names: Names) -> str:
        return _("Brought back")


@event
@dataclass(frozen=True, kw_only=True)
class DeliveryCancelled(_DeliveryEvent):
    """An agent decided that it shall not be sent."""

    name = "delivery.cancelled"
    icon = "x"

    def sentence(self, names: Names) -> str:
        return _("Sending cancelled")


@dataclass(frozen=True, kw_only=True)
class _HoldEvent(DomainEvent):
    """About sending as a whole; whoever looks after the post sees it at once."""

    stream = "hold"
    on_timeline = False
    hold_id: int
    cause: int

    def touches(self) -> tuple[str, int]:
        return "inbound", 0


@event
@dataclass(frozen=True, kw_only=True)
class HoldOpened(_HoldEvent):
    """Nothing is sent until it is released."""

    name = "hold.opened"
    icon = "late"

    def sentence(self, names: Names) -> str:
        return _("Sending stopped")


@event
@dataclass(frozen=True, kw_only=True)
class HoldReleased(_HoldEvent):
    """Letters leave again."""

    name = "hold.released"
    icon = "plane"

    def sentence(self, names: Names) -> str:
        return _("Sending goes on")
