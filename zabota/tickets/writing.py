"""What agents write: replies and notes."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Subquery
from django.utils.translation import gettext as _

from zabota.core import clock
from zabota.core.text import clean_line
from zabota.events.models import Event
from zabota.events.record import record
from zabota.files.actions import store_blob
from zabota.files.models import Blob
from zabota.intake.deliveries import FileRef, NewDelivery, cancel_delivery, queue_deliveries
from zabota.intake.protocol import Address, OutboundMessage
from zabota.intake.registry import channel_of
from zabota.staff.models import Agent
from zabota.tickets.actions import apply_status, as_actor, forget_draft, lock_ticket, save_draft
from zabota.tickets.choices import OPEN_WORK, AuthorKind, Direction, Outcome, Status
from zabota.tickets.events import NoteWritten, ReplySent, ReplyUndone, StatusChanged
from zabota.tickets.models import Attachment, Draft, Message, Note, Ticket
from zabota.tickets.placing import preview
from zabota.tickets.threading import reply_token
from zabota.tickets.wording import reply_words

UNDO = timedelta(seconds=10)
MOST_REFERENCES = 20
LONGEST_TEXT = 100_000
MOST_FILE_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file an agent attaches."""

    filename: str
    content_type: str
    content: bytes


def checked(text: str, files: Sequence[NewFile]) -> str:
    """What may be sent and stored of it. Raises `ValidationError`: nothing, or too much."""
    text = text.replace("\x00", "").replace("\r\n", "\n").strip()
    if not text and not files:
        raise ValidationError(_("Write something first"))
    if len(text) > LONGEST_TEXT:
        raise ValidationError(_("The text is longer than %(n)d letters") % {"n": LONGEST_TEXT})
    if sum(len(file.content) for file in files) > MOST_FILE_BYTES:
        raise ValidationError(_("Files of one message may have 20 MB together"))
    return text


@transaction.atomic
def send_reply(
    ticket: Ticket,
    text: str,
    *,
    actor: Agent,
    files: Sequence[NewFile] = (),
    again: Iterable[Attachment] = (),
    status: Status = Status.PENDING,
    deliver: bool = True,
    keep_draft: bool = False,
) -> Message:
    """Answer the customer: the message, its delivery (held back `UNDO`), the event.

    `again` are files of a reply that was undone. `deliver=False` only tells history, for the
    demonstration; `keep_draft` for words that were not written here. Raises `PermissionDenied`,
    `ValidationError`.
    """
    text = checked(text, files)
    locked = lock_ticket(ticket, actor, "ticket.reply")
    if locked.status == Status.CLOSED:
        raise ValidationError(_("This ticket is closed. Open a new one to write to the customer."))
    message = outgoing_message(locked, text, actor)
    message.status_before = locked.status
    message.save()
    refs = attach_files(locked, files, again, message=message)
    if deliver:
        queue_deliveries([delivery_of(locked, message, refs, actor)])
    touch(locked, message)
    changed = apply_status(locked, status, None)
    if not keep_draft:
        forget_draft(locked, actor=actor, kind=Draft.Kind.MESSAGE)
    sent = ReplySent(ticket_id=locked.pk, message_id=message.pk, agent_id=actor.pk)
    record(*([sent, changed] if changed else [sent]), actor=as_actor(actor))
    return message


def outgoing_message(ticket: Ticket, text: str, agent: Agent) -> Message:
    """The row of what an agent writes to the customer, with its id fixed at birth; not saved."""
    domain = ticket.inbox.address.rpartition("@")[2] or "zabota"
    return Message(
        ticket=ticket,
        direction=Direction.OUT,
        author_kind=AuthorKind.AGENT,
        agent=agent,
        author_name=agent.name,
        author_address=ticket.inbox.address,
        subject=_answer_subject(ticket),
        text=text,
        external_id=f"{secrets.token_hex(16)}@{domain}",
        created_at=clock.now(),
    )


def _answer_subject(ticket: Ticket) -> str:
    subject = ticket.subject
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"[:500]


def delivery_of(
    ticket: Ticket, message: Message, refs: tuple[FileRef, ...], agent: Agent
) -> NewDelivery:
    """The mail this message becomes: whole, with the address its answer comes back to."""
    inbox, identity = ticket.inbox, ticket.identity
    channel = channel_of(inbox.channel)
    words = reply_words(ticket, agent, message.text)
    earlier = _earlier_ids(ticket, message)
    outbound = OutboundMessage(
        external_id=message.external_id,
        sender=Address(inbox.address, clean_line(f"{agent.name}, {inbox.brand.name}", 120)),
        to=(Address(identity.value, ticket.customer.name),),
        subject=clean_line(message.subject, 500) if channel.capabilities.subject else "",
        text=words.text,
        html=words.html if channel.capabilities.html else None,
        reply_to=channel.reply_address(inbox.address, reply_token(ticket.pk, identity.pk)),
        in_reply_to=earlier[-1] if earlier else None,
        references=tuple(earlier),
        created_at=message.created_at,
    )
    return NewDelivery(
        inbox=inbox,
        message=outbound,
        subject_kind="ticket",
        subject_id=ticket.pk,
        message_id=message.pk,
        due_at=clock.now() + UNDO,
        files=refs,
    )


def _earlier_ids(ticket: Ticket, message: Message) -> list[str]:
    """Ids of the conversation, oldest first: the very first and the latest (RFC 5322 §3.6.4)."""
    rows = ticket.messages.filter(undone_at=None).exclude(pk=message.pk)
    ids = list(rows.order_by("created_at", "id").values_list("external_id", flat=True))
    return ids if len(ids) <= MOST_REFERENCES else [ids[0], *ids[1 - MOST_REFERENCES :]]


def attach_files(
    ticket: Ticket,
    files: Sequence[NewFile],
    again: Iterable[Attachment] = (),
    *,
    message: Message | None = None,
    note: Note | None = None,
) -> tuple[FileRef, ...]:
    kept: list[tuple[Blob, str, str]] = [
        (store_blob(f.content), clean_line(f.filename, 255) or "file", f.content_type)
        for f in files
    ]
    kept += [(a.blob, a.filename, a.content_type) for a in again]
    Attachment.objects.bulk_create(
        [
            Attachment(
                ticket=ticket,
                message=message,
                note=note,
                blob=blob,
                filename=name,
                content_type=clean_line(kind, 120),
                size=blob.size,
            )
            for blob, name, kind in kept
        ]
    )
    return tuple(FileRef(blob.pk, name, kind) for blob, name, kind in kept)


def touch(ticket: Ticket, message: Message) -> None:
    """Show these words as the last ones in lists."""
    ticket.last_message_at = message.created_at
    ticket.last_words, ticket.last_author = preview(message.text), message.author_kind
    if message.direction == Direction.OUT:
        ticket.first_replied_at = ticket.first_replied_at or message.created_at
    ticket.save(update_fields=["last_message_at", "last_words", "last_author", "first_replied_at"])


@transaction.atomic
def undo_reply(message: Message, *, actor: Agent) -> bool:
    """Take a reply back before it leaves: its words are the draft again. False if too late."""
    locked = lock_ticket(message.ticket, actor, "ticket.reply")
    row = Message.objects.select_for_update().get(pk=message.pk)
    if row.undone_at or row.agent_id != actor.pk or not cancel_delivery(row.pk):
        return False
    row.undone_at = clock.now()
    row.save(update_fields=["undone_at"])
    _back_to_draft(locked, row.text, actor)
    undone = ReplyUndone(ticket_id=locked.pk, message_id=row.pk)
    back = _status_without(row, locked)
    changed = None if back == locked.status else _put_back(locked, back, row)
    _untouch(locked)
    record(*([undone, changed] if changed else [undone]), actor=as_actor(actor))
    return True


def _back_to_draft(ticket: Ticket, text: str, agent: Agent) -> None:
    """Above what they have begun to write since."""
    mine = Draft.objects.filter(ticket=ticket, agent=agent, kind=Draft.Kind.MESSAGE)
    since = mine.values_list("text", flat=True).first()
    whole = f"{text}\n\n{since}" if since else text
    save_draft(ticket, whole, actor=agent, kind=Draft.Kind.MESSAGE)


def _status_without(reply: Message, ticket: Ticket) -> Status:
    """Where the ticket was before this reply, unless somebody has moved it since."""
    before = Status.OPEN if reply.status_before is None else Status(reply.status_before)
    events = Event.objects.filter(stream_kind="ticket", stream_id=ticket.pk)
    sent = events.filter(kind=ReplySent.name, payload__message_id=reply.pk).values("at")[:1]
    with_it = events.filter(kind=StatusChanged.name, at=Subquery(sent))
    put_by_it = with_it.values_list("payload__after", flat=True).first()
    answered = ticket.messages.filter(
        undone_at=None, direction=Direction.OUT, created_at__gt=reply.created_at
    )
    stands = ticket.status == (before if put_by_it is None else put_by_it)
    return before if stands and not answered.exists() else Status(ticket.status)


def _put_back(ticket: Ticket, status: Status, reply: Message) -> StatusChanged | None:
    """Into this status again; a solved one with the outcome and the time it was solved with."""
    solved = Event.objects.filter(
        stream_kind="ticket", stream_id=ticket.pk, kind=StatusChanged.name, payload__after=status
    )
    then = solved.filter(at__lt=reply.created_at).order_by("-seq").first()
    if status < OPEN_WORK or then is None:
        return apply_status(ticket, status, None)
    outcome = then.payload["outcome"]
    changed = apply_status(ticket, status, Outcome(outcome) if outcome else None)
    ticket.solved_at = then.at
    ticket.save(update_fields=["solved_at"])
    return changed


def _untouch(ticket: Ticket) -> None:
    """Show the words that are last again."""
    rows = ticket.messages.filter(undone_at=None).order_by("-created_at", "-id")
    if last := rows.first():
        answers = rows.filter(direction=Direction.OUT, author_kind=AuthorKind.AGENT)
        first_answer = answers.reverse().first()
        ticket.first_replied_at = first_answer.created_at if first_answer else None
        touch(ticket, last)
    else:  # it was opened with these words
        ticket.last_words, ticket.first_replied_at = "", None
        ticket.save(update_fields=["last_words", "first_replied_at"])


@transaction.atomic
def write_note(ticket: Ticket, text: str, *, actor: Agent, files: Sequence[NewFile] = ()) -> Note:
    """Leave words for colleagues. Raises `PermissionDenied`, `ValidationError`."""
    text = checked(text, files)
    locked = lock_ticket(ticket, actor, "ticket.edit")
    note = Note.objects.create(
        ticket=locked, agent=actor, author_name=actor.name, text=text, created_at=clock.now()
    )
    attach_files(locked, files, note=note)
    forget_draft(locked, actor=actor, kind=Draft.Kind.NOTE)
    record(
        NoteWritten(ticket_id=locked.pk, note_id=note.pk, agent_id=actor.pk), actor=as_actor(actor)
    )
    return note
