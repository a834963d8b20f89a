"""What the API says."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

from zabota.intake.models import Delivery
from zabota.tickets.choices import AuthorKind, Outcome, Priority, Status


def _one_of(names: Iterable[str]) -> Any:
    return Field(json_schema_extra={"enum": list(names)})


StatusName = Annotated[str, _one_of(s.slug for s in Status)]
OutcomeName = Annotated[str, _one_of(o.slug for o in Outcome)]
PriorityName = Annotated[str, _one_of(p.slug for p in Priority)]
AuthorName = Annotated[str, _one_of(a.slug for a in AuthorKind)]
DeliveryState = Annotated[str, _one_of([*(s.name.lower() for s in Delivery.State), "waiting"])]

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """One page of a list; ask for the next with `?cursor=` until `next` is null."""

    items: list[Item]
    next: str | None


class CustomerOut(BaseModel):
    """Who wrote, and the address this ticket answers to."""

    id: int
    name: str
    email: str


class TicketOut(BaseModel):
    """A ticket. `assignee` is an address; `team`, `category` and `brand` are slugs."""

    number: int
    subject: str
    status: StatusName
    outcome: OutcomeName | None
    priority: PriorityName
    channel: str
    language: str | None
    category: str | None
    tags: list[str]
    brand: str
    inbox: str
    team: str | None
    assignee: str | None
    customer: CustomerOut
    created_at: datetime
    last_message_at: datetime
    first_replied_at: datetime | None
    solved_at: datetime | None
    closed_at: datetime | None
    follows: int | None
    url: str


class HitOut(TicketOut):
    """A ticket found, with the words around what was looked for, and when they were said."""

    snippet: str
    said_at: datetime


class AuthorOut(BaseModel):
    """Whose words these are; `third` is somebody else than the customer and us."""

    kind: AuthorName
    name: str
    email: str | None


class DeliveryOut(BaseModel):
    """How far an answer has come; `waiting` for a mail server to be set up."""

    state: DeliveryState
    error: str | None


class AttachmentOut(BaseModel):
    """A file; `url` wants the same token. `content_id` is what `cid:` in the HTML means."""

    id: int
    filename: str
    content_type: str
    size: int
    content_id: str | None
    url: str


class MessageOut(BaseModel):
    """Words with the customer, or a note among ourselves. An id is unique within its kind.

    `text` is what was written now, `quoted_text` what was quoted and signed below it; `html` is
    the whole as it was sent, made harmless.
    """

    id: int
    kind: Literal["message", "note"]
    direction: Literal["in", "out"] | None
    text: str
    quoted_text: str
    html: str | None
    author: AuthorOut
    delivery: DeliveryOut | None
    attachments: list[AttachmentOut]
    created_at: datetime


class StreamOut(BaseModel):
    """What an event happened to."""

    kind: str
    id: int


class ActorOut(BaseModel):
    """Who did it: agent, customer, system."""

    kind: str
    id: int | None


class EventOut(BaseModel):
    """Something that happened. `seq` counts within its stream without gaps."""

    cursor: str
    id: int
    kind: str
    version: int
    stream: StreamOut
    ticket: int | None
    seq: int
    payload: dict[str, Any]
    actor: ActorOut
    caused_by: int | None
    at: datetime


class TicketPage(Page[TicketOut]):
    """Tickets."""


class MessagePage(Page[MessageOut]):
    """Messages and notes by time."""


class HitPage(Page[HitOut]):
    """What was found, newest words first. There is no next page: look for rarer words."""


class EventPage(Page[EventOut]):
    """What happened. `next` is where to go on, also when nothing more has happened yet."""
