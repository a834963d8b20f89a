"""Answering somewhere else: where a message asks to be answered, or where an agent knows better.

A mail proposes; nothing but an agent's click changes where answers go (TRUST, "Who is speaking").
The customer stays who they are.
"""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from zabota.customers.actions import add_identity
from zabota.customers.models import Identity
from zabota.events.record import record
from zabota.intake.actions import is_mail_address
from zabota.intake.models import Delivery
from zabota.intake.outbox import redirect_delivery
from zabota.intake.protocol import Address
from zabota.intake.queries import own_addresses
from zabota.intake.registry import channel_of
from zabota.staff.models import Agent
from zabota.tickets.actions import as_actor, lock_ticket
from zabota.tickets.events import AddressChanged
from zabota.tickets.models import Message, Ticket
from zabota.tickets.threading import reply_token


@transaction.atomic
def answer_elsewhere(message: Message, *, actor: Agent) -> Identity:
    """Send answers to the address this message proposes. Raises `PermissionDenied`,
    `ValidationError`."""
    ticket = lock_ticket(message.ticket, actor, "ticket.reply")
    value = str(next(iter(message.details.get("reply_to", ())), ""))
    if not _is_theirs(ticket, value):
        raise ValidationError(_("This message names no other address to answer at"))
    return _answer_at(ticket, value, actor)


@transaction.atomic
def send_elsewhere(message: Message, value: str, *, actor: Agent) -> Identity:
    """Send a reply that did not arrive to this address, and every answer after it.

    Raises `PermissionDenied`; `ValidationError` on what is no address of theirs, and if the reply
    has arrived or has not been tried yet.
    """
    ticket, value = lock_ticket(message.ticket, actor, "ticket.reply"), value.strip().lower()
    if not _is_theirs(ticket, value):
        raise ValidationError(_("An address looks like name@example.com, and is not one of ours"))
    identity = _answer_at(ticket, value, actor)
    letter = Delivery.objects.filter(message_id=message.pk).order_by("-pk").first()
    to = Address(value, ticket.customer.name)
    back = channel_of(ticket.inbox.channel).reply_address(
        ticket.inbox.address, reply_token(ticket.pk, identity.pk)
    )
    if letter is None or not redirect_delivery(letter.pk, to, back, actor=as_actor(actor)):
        raise ValidationError(_("Only a letter that did not arrive can be sent elsewhere"))
    return identity


def _is_theirs(ticket: Ticket, value: str) -> bool:
    return is_mail_address(value) and (ticket.channel, value) not in own_addresses()


def _answer_at(ticket: Ticket, value: str, actor: Agent) -> Identity:
    identity = add_identity((ticket.identity.kind, value), ticket.customer_id)
    if identity.pk != ticket.identity_id:
        before, ticket.identity = ticket.identity_id, identity
        ticket.save(update_fields=["identity"])
        event = AddressChanged(ticket_id=ticket.pk, before=before, after=identity.pk)
        record(event, actor=as_actor(actor))
    return identity
