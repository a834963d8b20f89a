"""Answering somewhere else: an agent takes up the address a message asks to be answered at.

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
from zabota.intake.queries import own_addresses
from zabota.staff.models import Agent
from zabota.tickets.actions import as_actor, lock_ticket
from zabota.tickets.events import AddressChanged
from zabota.tickets.models import Message


@transaction.atomic
def answer_elsewhere(message: Message, *, actor: Agent) -> Identity:
    """Send answers to the address this message proposes. Raises `PermissionDenied`,
    `ValidationError`."""
    ticket = lock_ticket(message.ticket, actor, "ticket.reply")
    value = str(next(iter(message.details.get("reply_to", ())), ""))
    if not is_mail_address(value) or (ticket.channel, value) in own_addresses():
        raise ValidationError(_("This message names no other address to answer at"))
    identity = add_identity((ticket.identity.kind, value), ticket.customer_id)
    if identity.pk != ticket.identity_id:
        before, ticket.identity = ticket.identity_id, identity
        ticket.save(update_fields=["identity"])
        event = AddressChanged(ticket_id=ticket.pk, before=before, after=identity.pk)
        record(event, actor=as_actor(actor))
    return identity
