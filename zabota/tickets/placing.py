"""Deciding where each message of a batch goes, with everything looked up once for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from zabota.core.text import guess_language
from zabota.customers.actions import ensure_customers
from zabota.customers.models import Identity
from zabota.intake.actions import Verdict
from zabota.intake.aside import TICKET
from zabota.intake.blocking import blocked_among
from zabota.intake.models import Inbound
from zabota.intake.protocol import Address, InboundMessage, InboundRefused
from zabota.intake.queries import own_addresses
from zabota.intake.reasons import Reason
from zabota.tickets.choices import OPEN_WORK, AuthorKind, Direction, Status
from zabota.tickets.following import follow_ups_of, is_over
from zabota.tickets.models import Message, Ticket
from zabota.tickets.threading import Ancestor, find_ancestry, is_doubtful, readers_of

PREVIEW = 160


@dataclass(frozen=True)
class Incoming:
    """A ledger row and what it says."""

    entry: Inbound
    message: InboundMessage

    @property
    def is_import(self) -> bool:
        return self.entry.origin == Inbound.Origin.IMPORT

    @property
    def ticket_id(self) -> int | None:
        """Where a supervisor who let it in said it belongs."""
        said: int | None = self.entry.envelope.get(TICKET)
        return said

    @property
    def origin(self) -> str:
        return "import" if self.is_import else "live"

    @cached_property
    def language(self) -> str:
        return guess_language(f"{self.message.subject} {self.message.text[:2000]}")

    @property
    def created_at(self) -> datetime:
        """When it counts as said: an import keeps the mail's own date."""
        own = self.message.sent_at if self.is_import else None
        return own or self.entry.received_at


@dataclass(slots=True)
class Placed:
    """A message, the ticket it belongs to, and the row it becomes."""

    incoming: Incoming
    ticket: Ticket
    row: Message
    author_kind: AuthorKind
    is_new: bool
    reopened_from: int | None = None

    @property
    def is_ours(self) -> bool:
        return self.author_kind == AuthorKind.AGENT


class Placement:
    """One batch being placed. Tickets it touches are locked in order of id."""

    def __init__(self, incoming: Sequence[Incoming]) -> None:
        self.messages = messages = [one.message for one in incoming]
        self.own = own_addresses()
        senders = {(one.entry.channel, a.value) for one in incoming if (a := one.message.author)}
        self.blocks = blocked_among(senders)
        self.ancestry = find_ancestry(messages)
        self.identities = self._people(incoming)
        said = {t for m in messages if (t := self.ancestry.ticket_of(m))}
        self.tickets = _lock(said | {one.ticket_id for one in incoming if one.ticket_id})
        self.follow_ups = follow_ups_of(self.tickets.values())
        self.in_batch: dict[str, tuple[Ticket, Ancestor]] = {}

    def _people(self, incoming: Sequence[Incoming]) -> dict[tuple[str, str], Identity]:
        """The customer of each message: its author, or whom an imported answer went to."""
        people: dict[tuple[str, str], tuple[str, str]] = {}
        for one in incoming:
            if person := self._customer(one):
                key = (person.kind, person.value)
                people.setdefault(key, (person.name[:160], one.language))
        return ensure_customers(people)

    def _identity(self, one: Incoming) -> Identity:
        person = self._customer(one)
        if person is None:
            raise InboundRefused(Reason.NO_SENDER)
        return self.identities[person.kind, person.value]

    def _customer(self, one: Incoming) -> Address | None:
        if one.message.bounce:
            return None
        if not self._is_ours(one):
            return one.message.author
        others = (a for a in one.message.to if (one.entry.channel, a.value) not in self.own)
        return next(others, None)

    def _is_ours(self, one: Incoming) -> bool:
        """An archive has our own answers in it, from our own address."""
        return one.is_import and self._from_us(one)

    def _from_us(self, one: Incoming) -> bool:
        author = one.message.author
        return author is not None and (one.entry.channel, author.value) in self.own

    @property
    def alive(self) -> list[Identity]:
        """Addresses somebody wrote from just now."""
        spoken = (m for m in self.messages if not (m.automatic or m.bounce or is_doubtful(m)))
        authors = (m.author for m in spoken)
        keys = {(author.kind, author.value) for author in authors if author}
        return [self.identities[key] for key in keys & set(self.identities)]

    def place(self, one: Incoming) -> Placed | Verdict:
        """Where this message goes, or why it is set aside."""
        if aside := self._set_aside(one):
            return aside
        earlier = self._ticket_of(one)
        ticket = self._going_on(earlier, one) if earlier else None
        is_new = ticket is None
        if ticket is None:
            ticket = _new_ticket(one, self._identity(one), follows=earlier)
            if earlier is not None:
                self.follow_ups[earlier.pk] = ticket
        placed = self._build(one, ticket, is_new=is_new)
        copies = readers_of(placed.row.author_address, placed.row.copies, placed.row.details)
        readers = None if placed.is_ours else copies
        self.in_batch[one.message.external_id] = (ticket, Ancestor(0, readers))
        return placed

    def _set_aside(self, one: Incoming) -> Verdict | None:
        message, entry = one.message, one.entry
        if self.ancestry.is_own_copy(message):
            return Verdict(entry.pk, Inbound.State.DUPLICATE, reason=Reason.OWN_COPY)
        reason = ""
        if one.ticket_id in self.tickets:
            return None
        if (blocked := self._blocked(one)) and not entry.envelope.get("released"):
            reason = Reason.BLOCKED.with_detail(blocked)
            return Verdict(entry.pk, Inbound.State.SUSPENDED, reason=reason)
        if message.author is None and not message.bounce:
            reason = Reason.NO_SENDER
        elif message.bounce and self._ticket_of(one) is None:
            reason = Reason.UNKNOWN_BOUNCE
        elif self._from_us(one) and not one.is_import and not entry.envelope.get("released"):
            reason = Reason.OWN_ADDRESS
        elif self._customer(one) is None and not message.bounce:
            reason = Reason.TO_NOBODY
        return Verdict(entry.pk, Inbound.State.SUSPENDED, reason=reason) if reason else None

    def _blocked(self, one: Incoming) -> str:
        author = one.message.author
        if author is None or one.is_import or one.message.bounce:
            return ""
        return self.blocks.get((one.entry.channel, author.value), "")

    def _ticket_of(self, one: Incoming) -> Ticket | None:
        author = one.message.author.value if one.message.author else ""
        if found := self.tickets.get(one.ticket_id or 0):
            return found
        if found := self.tickets.get(self.ancestry.ticket_of(one.message) or 0):
            return found
        for reference in () if is_doubtful(one.message) else one.message.references:
            if reference in self.in_batch:
                ticket, ancestor = self.in_batch[reference]
                if ancestor.admits(author) or self._is_ours(one):
                    return ticket
        return None

    def _going_on(self, earlier: Ticket, one: Incoming) -> Ticket | None:
        """The ticket itself, or, for a person's answer to one that is over, its follow-up."""
        if not is_over(earlier) or one.message.automatic or one.message.bounce:
            return earlier
        return self.follow_ups.get(earlier.pk)

    def _build(self, one: Incoming, ticket: Ticket, *, is_new: bool) -> Placed:
        kind = self._author_kind(one, ticket)
        row = _message_row(one, ticket, kind, self.own)
        before = ticket.status
        if not one.message.automatic and not one.message.bounce:
            _advance(ticket, row)
        _touch(ticket, row)
        reopened = before == Status.SOLVED and ticket.status == Status.OPEN
        return Placed(one, ticket, row, kind, is_new, before if reopened else None)

    def _author_kind(self, one: Incoming, ticket: Ticket) -> AuthorKind:
        if self._is_ours(one):
            return AuthorKind.AGENT
        if one.message.bounce or one.message.author is None:
            return AuthorKind.MACHINE
        author = one.message.author
        known = self.identities.get((author.kind, author.value))
        same = known is not None and known.customer_id == ticket.customer_id
        return AuthorKind.CUSTOMER if same else AuthorKind.THIRD


def _lock(ids: set[int]) -> dict[int, Ticket]:
    if not ids:
        return {}
    rows = Ticket.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    return {ticket.pk: ticket for ticket in rows}


def _new_ticket(one: Incoming, identity: Identity, follows: Ticket | None) -> Ticket:
    inbox, message = one.entry.inbox, one.message
    return Ticket(
        subject=message.subject[:500],
        channel=inbox.channel,
        language=one.language or identity.customer.language,
        brand_id=inbox.brand_id,
        inbox=inbox,
        team_id=inbox.team_id,
        customer=identity.customer,
        identity=identity,
        follows=follows,
        created_at=one.created_at,
        last_message_at=one.created_at,
    )


def _message_row(
    one: Incoming, ticket: Ticket, kind: AuthorKind, own: set[tuple[str, str]]
) -> Message:
    message, author = one.message, one.message.author
    return Message(
        ticket=ticket,
        direction=Direction.OUT if kind == AuthorKind.AGENT else Direction.IN,
        author_kind=kind,
        author_name=(author.name if author else "")[:160],
        author_address=(author.value if author else "")[:320],
        copies=_copies(message, own),
        subject=message.subject[:500],
        text=message.text,
        quoted_text=message.quoted_text,
        html=message.html,
        external_id=message.external_id,
        is_automatic=message.automatic or message.bounce,
        warnings=list(message.warnings),
        details=dict(message.details),
        inbound_id=one.entry.pk,
        sent_at=message.sent_at,
        created_at=one.created_at,
    )


def _copies(message: InboundMessage, own: set[tuple[str, str]]) -> list[list[str]]:
    others = [a for a in (*message.to, *message.cc) if (a.kind, a.value) not in own]
    return [[a.value, a.name[:160]] for a in others[:50]]


def _advance(ticket: Ticket, row: Message) -> None:
    """What a person's words do to the status: theirs bring it back to us, ours hand it over."""
    if row.direction == Direction.OUT:
        ticket.first_replied_at = ticket.first_replied_at or row.created_at
        if ticket.status < OPEN_WORK:
            ticket.status = Status.PENDING
    elif ticket.status != Status.NEW:
        ticket.status, ticket.outcome, ticket.solved_at = Status.OPEN, None, None


def _touch(ticket: Ticket, row: Message) -> None:
    if row.created_at >= ticket.last_message_at:
        ticket.last_message_at = row.created_at
        ticket.last_words = preview(row.text or row.quoted_text)
        ticket.last_author = row.author_kind


def preview(text: str) -> str:
    """The first words of a text on one line, for lists."""
    return " ".join(text[: 4 * PREVIEW].split())[:PREVIEW]
