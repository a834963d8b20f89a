"""The receipt: we have your message, this is its number.

A receipt is not a relay (TRUST): it contains nothing the sender wrote, goes to an address at most
once an hour and twice a day, and never answers a machine, nor a sender whose domain disowns it.
"""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.db.models.fields.json import KT

from zabota.company.mail import MailKind, Template, load_templates
from zabota.core import clock
from zabota.events.record import Happening, record_all
from zabota.events.registry import SYSTEM
from zabota.intake.deliveries import NewDelivery, queue_deliveries
from zabota.intake.models import Delivery
from zabota.intake.protocol import Address, OutboundMessage
from zabota.intake.registry import channel_of
from zabota.tickets.events import ReceiptQueued
from zabota.tickets.models import Message, Ticket
from zabota.tickets.threading import reply_token
from zabota.tickets.wording import receipt_words

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOST_A_DAY = 2
KINDS = (MailKind.RECEIPT, MailKind.FOLLOW_UP)


def queue_receipts(ticket_ids: Sequence[int]) -> None:
    """Queue a receipt for each of these new tickets whose address may get one now."""
    if not ticket_ids:
        return
    tickets = list(
        Ticket.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=ticket_ids, deleted_at=None)
        .select_related("identity", "inbox__brand", "follows")
        .order_by("pk")
    )
    first = _first_ids(tickets)
    able = [t for t in tickets if channel_of(t.channel).capabilities.receipt and t.pk in first]
    chosen = _allowed(able)
    own = load_templates([t.inbox.brand for t in chosen], KINDS) if chosen else {}
    queue_deliveries([_receipt(ticket, first.get(ticket.pk), own) for ticket in chosen])
    record_all([Happening(ReceiptQueued(ticket_id=t.pk), SYSTEM) for t in chosen])


def _allowed(tickets: Sequence[Ticket]) -> list[Ticket]:
    """Those whose address is below both limits, counting this batch too."""
    now = clock.now()
    recent = Delivery.objects.filter(
        is_automatic=True,
        recipient__in={t.identity.value for t in tickets},
        created_at__gt=now - DAY,
    )
    per_day: Counter[str] = Counter()
    within_hour = set()
    for recipient, created_at in recent.values_list("recipient", "created_at"):
        per_day[recipient] += 1
        if created_at > now - HOUR:
            within_hour.add(recipient)
    chosen = []
    for ticket in tickets:
        address = ticket.identity.value
        if address not in within_hour and per_day[address] < MOST_A_DAY:
            within_hour.add(address)
            chosen.append(ticket)
    return chosen


def _first_ids(tickets: Sequence[Ticket]) -> dict[int, str]:
    """What is answered; without tickets of senders anybody could have been: they did not write."""
    rows = Message.objects.filter(ticket__in=[t.pk for t in tickets]).order_by("-id")
    columns = rows.values_list("ticket_id", "external_id", KT("details__authentication__dmarc"))
    return {ticket: external for ticket, external, dmarc in columns if dmarc != "fail"}


def _receipt(
    ticket: Ticket, answered: str | None, own: Mapping[tuple[int, str, str], Template]
) -> NewDelivery:
    inbox, channel = ticket.inbox, channel_of(ticket.channel)
    words = receipt_words(ticket, own, ticket.follows.number if ticket.follows else None)
    token = reply_token(ticket.pk, ticket.identity_id)
    return NewDelivery(
        inbox=inbox,
        subject_kind="ticket",
        subject_id=ticket.pk,
        message=OutboundMessage(
            external_id=f"{secrets.token_hex(16)}@{inbox.address.rpartition('@')[2]}",
            sender=Address(inbox.address, inbox.brand.name),
            to=(Address(ticket.identity.value),),
            subject=words.subject,
            text=words.text,
            html=words.html if channel.capabilities.html else None,
            reply_to=channel.reply_address(inbox.address, token),
            in_reply_to=answered,
            references=(answered,) if answered else (),
            automatic=True,
        ),
    )
