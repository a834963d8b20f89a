"""Which ticket a message belongs to: by signed reply address, then by the ids it refers to.

A number in the subject is only a hint and never opens a ticket (TRUST, "Who is speaking").
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from zabota.core.tokens import read_ids, sign_ids
from zabota.intake.models import Delivery
from zabota.intake.protocol import InboundMessage
from zabota.intake.returns import token_delivery
from zabota.intake.senders import Authentication
from zabota.tickets.choices import Direction
from zabota.tickets.models import Message

REPLY = "reply"


def reply_token(ticket_id: int, identity_id: int) -> str:
    """The signed part of the address this recipient answers to."""
    return sign_ids(REPLY, ticket_id, identity_id)


def token_ticket(tokens: Iterable[str]) -> int | None:
    """The ticket of the first token that is really ours."""
    for token in tokens:
        ids = read_ids(REPLY, token)
        if ids and len(ids) == 2:
            return ids[0]
    return None


def is_doubtful(message: InboundMessage) -> bool:
    """Whether anybody could have written it: then only a signed address says where it belongs."""
    return message.authentication is not None and message.authentication.is_doubtful


class Ancestor(NamedTuple):
    """A known message that something refers to.

    `readers` are the addresses that had it on their screens; None means its id is our secret, so
    that whoever names it was given it.
    """

    ticket_id: int
    readers: frozenset[str] | None

    def admits(self, address: str) -> bool:
        return self.readers is None or address in self.readers


@dataclass(slots=True)
class Ancestry:
    """The messages a batch refers to."""

    known: dict[str, Ancestor] = field(default_factory=dict)
    ours: set[str] = field(default_factory=set)
    returned: dict[int, int] = field(default_factory=dict)

    def ticket_of(self, message: InboundMessage) -> int | None:
        """The ticket this message continues, if it may."""
        if found := token_ticket(message.reply_tokens):
            return found
        if found := self.returned.get(token_delivery(message.return_tokens) or 0):
            return found
        if is_doubtful(message):
            return None
        author = message.author.value if message.author else ""
        for reference in message.references:
            ancestor = self.known.get(reference)
            if ancestor and (message.bounce or ancestor.admits(author)):
                return ancestor.ticket_id
        return None

    def is_own_copy(self, message: InboundMessage) -> bool:
        """Whether this is a message of ours coming back."""
        return message.external_id in self.ours


def find_ancestry(messages: Sequence[InboundMessage]) -> Ancestry:
    """Look up, in two queries, every message this batch refers to; in a third what it returns."""
    ids = {r for m in messages for r in m.references} | {m.external_id for m in messages}
    found = Ancestry(returned=_returned(messages))
    theirs = Message.objects.filter(external_id__in=ids, undone_at=None)
    columns = ("external_id", "ticket_id", "direction", "author_address", "copies", "details")
    for external_id, ticket_id, direction, author, copies, details in theirs.order_by(
        "-id"
    ).values_list(*columns):
        readers = None if direction == Direction.OUT else readers_of(author, copies, details)
        found.known[external_id] = Ancestor(ticket_id, readers)
    ours = Delivery.objects.filter(external_id__in=ids, stream_kind="ticket")
    for external_id, ticket_id in ours.values_list("external_id", "stream_id"):
        found.known[external_id] = Ancestor(ticket_id, None)
        found.ours.add(external_id)
    return found


def _returned(messages: Sequence[InboundMessage]) -> dict[int, int]:
    """The ticket of each delivery whose way back was used: by a server or a machine's answer."""
    wanted = {pk for m in messages if (pk := token_delivery(m.return_tokens))}
    if not wanted:
        return {}
    rows = Delivery.objects.filter(pk__in=wanted, stream_kind="ticket")
    return dict(rows.values_list("pk", "stream_id"))


def readers_of(
    author: str, copies: Iterable[Sequence[str]], details: Mapping[str, Any]
) -> frozenset[str]:
    """Who wrote a message or got a copy of it; whom an unverified one names need not have."""
    kept = details.get("authentication")
    if kept and not Authentication.from_json(kept).is_verified:
        return frozenset({author})
    return frozenset({author, *(copy[0] for copy in copies)})
