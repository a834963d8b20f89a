"""Rows as the wire shows them."""

import json
from collections.abc import Mapping

from django.http import HttpRequest

from zabota.api.shapes import (
    ActorOut,
    AttachmentOut,
    AuthorOut,
    CustomerOut,
    DeliveryOut,
    EventOut,
    HitOut,
    MessageOut,
    StreamOut,
    TicketOut,
)
from zabota.core.environment import env
from zabota.events.feed import FeedItem
from zabota.events.registry import lift
from zabota.intake.models import Delivery
from zabota.tickets.choices import AuthorKind, Direction, Outcome, Priority, Status
from zabota.tickets.models import Attachment, Message, Note, Ticket
from zabota.tickets.search import Hit

FOUND = str.maketrans("", "", "\x02\x03")


def base_of(request: HttpRequest) -> str:
    """What every address begins with."""
    return env.public_url or request.build_absolute_uri("/").rstrip("/")


def show_ticket(ticket: Ticket, base: str) -> TicketOut:
    """A ticket that was loaded with its `HEAD`."""
    return TicketOut(
        number=ticket.number,
        subject=ticket.subject,
        status=Status(ticket.status).slug,
        outcome=None if ticket.outcome is None else Outcome(ticket.outcome).slug,
        priority=Priority(ticket.priority).slug,
        channel=ticket.channel,
        language=ticket.language or None,
        category=ticket.category.slug if ticket.category else None,
        tags=ticket.tags,
        brand=ticket.brand.slug,
        inbox=ticket.inbox.address,
        team=ticket.team.slug if ticket.team else None,
        assignee=ticket.assignee.email if ticket.assignee else None,
        customer=CustomerOut(
            id=ticket.customer_id, name=ticket.customer.name, email=ticket.identity.value
        ),
        created_at=ticket.created_at,
        last_message_at=ticket.last_message_at,
        first_replied_at=ticket.first_replied_at,
        solved_at=ticket.solved_at,
        closed_at=ticket.closed_at,
        follows=ticket.follows.number if ticket.follows else None,
        url=f"{base}/tickets/{ticket.number}",
    )


def show_hit(hit: Hit, ticket: Ticket, base: str) -> HitOut:
    """A hit, with the ticket loaded whole."""
    shown = show_ticket(ticket, base).model_dump()
    return HitOut(**shown, snippet=hit.snippet.translate(FOUND), said_at=hit.said_at)


def show_words(words: Message | Note, deliveries: Mapping[int, Delivery], base: str) -> MessageOut:
    """A message or a note."""
    if isinstance(words, Note):
        return show_note(words, base)
    return show_message(words, deliveries.get(words.pk), base)


def show_message(message: Message, delivery: Delivery | None, base: str) -> MessageOut:
    """Words between the customer and us."""
    return MessageOut(
        id=message.pk,
        kind="message",
        direction="in" if message.direction == Direction.IN else "out",
        text=message.text,
        quoted_text=message.quoted_text,
        html=message.html,
        author=_author_of(message),
        delivery=_delivery(delivery) if delivery else None,
        attachments=_files(message, base),
        created_at=message.created_at,
    )


def show_note(note: Note, base: str) -> MessageOut:
    """Words among ourselves."""
    email = note.agent.email if note.agent else None
    return MessageOut(
        id=note.pk,
        kind="note",
        direction=None,
        text=note.text,
        quoted_text="",
        html=None,
        author=AuthorOut(kind="agent", name=note.author_name, email=email),
        delivery=None,
        attachments=_files(note, base),
        created_at=note.created_at,
    )


def _author_of(message: Message) -> AuthorOut:
    email = message.agent.email if message.agent else message.author_address
    kind = AuthorKind(message.author_kind).slug
    return AuthorOut(kind=kind, name=message.author_name, email=email or None)


def _delivery(row: Delivery) -> DeliveryOut:
    queued = row.state == Delivery.State.QUEUED
    state = "waiting" if queued and row.is_waiting else Delivery.State(row.state).name.lower()
    return DeliveryOut(state=state, error=row.error or None)


def _files(words: Message | Note, base: str) -> list[AttachmentOut]:
    return [_file(row, base) for row in sorted(words.attachments.all(), key=lambda row: row.pk)]


def _file(row: Attachment, base: str) -> AttachmentOut:
    return AttachmentOut(
        id=row.pk,
        filename=row.filename,
        content_type=row.content_type,
        size=row.size,
        content_id=row.content_id or None,
        url=f"{base}/api/v1/attachments/{row.pk}",
    )


def show_event(item: FeedItem, numbers: Mapping[int, int]) -> EventOut:
    """An event, lifted to its present version; `numbers` are those of tickets by id."""
    payload = json.loads(item.payload)
    event = lift(item.kind, payload, item.version)
    return EventOut(
        cursor=item.cursor,
        id=item.id,
        kind=item.kind,
        version=event.version if event else item.version,
        stream=StreamOut(kind=item.stream_kind, id=item.stream_id),
        ticket=numbers.get(item.stream_id) if item.stream_kind == "ticket" else None,
        seq=item.seq,
        payload=event.payload() if event else payload,
        actor=ActorOut(kind=item.actor_kind, id=item.actor_id),
        caused_by=item.caused_by,
        at=item.at,
    )
