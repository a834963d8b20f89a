"""What a channel is: it reads what arrives as `InboundMessage`, and sends what is answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from zabota.intake.returns import Report
from zabota.intake.senders import Authentication

# The kind of address, and of inbox, that goes without saying. Nobody asks for it: capabilities do.
USUAL = "email"


class InboundRefused(Exception):
    """This message cannot be read; it is quarantined with the text as its reason."""


class SendFailed(Exception):
    """A delivery was not taken. `retry`: the same may work later. The text is for the agent."""

    def __init__(self, reason: str, *, retry: bool) -> None:
        super().__init__(reason)
        self.retry = retry


class NotConfigured(Exception):
    """The channel has nothing to send with yet; deliveries wait, visibly, and use up no tries."""


@dataclass(frozen=True, slots=True)
class Address:
    """Who, on a channel: kind of identity ("email"), its normal form, the name shown beside it."""

    value: str
    name: str = ""
    kind: str = USUAL


@dataclass(frozen=True, slots=True)
class InboundFile:
    """One attachment as it came; `filename` and `content_type` are a stranger's words."""

    filename: str
    content_type: str
    content: bytes
    inline: bool = False
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One message from outside, read but not judged. Texts are Unicode without control characters.

    `text` is what the person wrote now, `quoted_text` what they quoted and signed: folded, never
    cut; both together are the whole. `html` is sanitised or None. `references` are the ids of
    earlier messages, nearest first. `reply_tokens` and `return_tokens` are candidates, unverified.
    `authentication`: who vouches for the author; None where nobody was asked.
    `bounce`: a machine speaks of a message of ours, in `report`: it failed, or is only late.
    """

    external_id: str
    author: Address | None
    subject: str
    text: str
    quoted_text: str = ""
    html: str | None = None
    sent_at: datetime | None = None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    references: tuple[str, ...] = ()
    reply_tokens: tuple[str, ...] = ()
    files: tuple[InboundFile, ...] = ()
    automatic: bool = False
    bounce: bool = False
    report: Report | None = None
    return_tokens: tuple[str, ...] = ()
    authentication: Authentication | None = None
    warnings: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can do; the house asks these, never the channel's name."""

    subject: bool = False
    html: bool = False
    copies: bool = False
    receipt: bool = False


@dataclass(frozen=True, slots=True)
class OutboundFile:
    """An attachment to send: where its bytes are, and how to call it."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """A delivery as a channel gets it: frozen when it was queued, files read when it is sent."""

    external_id: str
    sender: Address
    to: tuple[Address, ...]
    subject: str
    text: str
    html: str | None = None
    cc: tuple[Address, ...] = ()
    reply_to: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    automatic: bool = False
    created_at: datetime | None = None
    files: tuple[OutboundFile, ...] = field(default=())
    return_token: str = ""


class Channel(Protocol):
    """A folder under `zabota/channels/` offers one of these to `intake.registry`."""

    kind: str
    icon: str
    capabilities: Capabilities

    @property
    def label(self) -> str:
        """The channel's name in the current language."""

    def parse(self, raw: bytes, envelope: Mapping[str, Any]) -> InboundMessage:
        """Read one stored message. Pure. Raises `InboundRefused`."""

    def reply_address(self, inbox: str, token: str) -> str | None:
        """The address of `inbox` that carries this token back to us, if the channel has such."""

    def send(self, message: OutboundMessage) -> None:
        """Hand one message over, or raise `SendFailed` or `NotConfigured`."""
