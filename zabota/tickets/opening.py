"""Tickets opened by hand: an agent writes first, or notes down what somebody said."""

import secrets
from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from zabota.core import clock
from zabota.core.text import clean_line, guess_language
from zabota.customers.actions import ensure_customers
from zabota.events.record import record
from zabota.intake.deliveries import queue_deliveries
from zabota.intake.models import Inbox
from zabota.intake.protocol import Address
from zabota.staff.models import Agent
from zabota.tickets.actions import as_actor
from zabota.tickets.choices import AuthorKind, Direction, Status
from zabota.tickets.events import TicketOpened
from zabota.tickets.models import Message, Ticket
from zabota.tickets.storing import insert_tickets
from zabota.tickets.writing import (
    NewFile,
    attach_files,
    checked,
    delivery_of,
    outgoing_message,
    touch,
)


@transaction.atomic
def open_ticket(
    inbox: Inbox,
    customer: Address,
    subject: str,
    text: str,
    *,
    actor: Agent,
    to_customer: bool,
    files: Sequence[NewFile] = (),
) -> Ticket:
    """Open a ticket by hand: writing to the customer, or noting down what they said.

    No receipt goes out. Raises `PermissionDenied`, `ValidationError`.
    """
    if not actor.may("ticket.reply"):
        raise PermissionDenied(_("You may not open tickets"))
    text = checked(text, files)
    ticket = _blank_ticket(inbox, customer, clean_line(subject, 500), text, actor)
    insert_tickets([ticket])
    says = outgoing_message(ticket, text, actor) if to_customer else None
    message = says or _spoken(ticket, text, customer)
    message.subject = ticket.subject
    message.save()
    refs = attach_files(ticket, files, message=message)
    if to_customer:
        queue_deliveries([delivery_of(ticket, message, refs, actor)])
    touch(ticket, message)
    record(_opened(ticket, message), actor=as_actor(actor))
    return ticket


def _blank_ticket(inbox: Inbox, person: Address, subject: str, text: str, actor: Agent) -> Ticket:
    language = guess_language(f"{subject} {text}")
    people = {(person.kind, person.value): (clean_line(person.name, 160), language)}
    identity = ensure_customers(people)[person.kind, person.value]
    now = clock.now()
    return Ticket(
        subject=subject,
        status=Status.OPEN,
        channel=inbox.channel,
        language=language or identity.customer.language,
        brand=inbox.brand,
        inbox=inbox,
        team_id=inbox.team_id,
        customer=identity.customer,
        identity=identity,
        assignee=actor,
        created_at=now,
        last_message_at=now,
    )


def _spoken(ticket: Ticket, text: str, person: Address) -> Message:
    return Message(
        ticket=ticket,
        direction=Direction.IN,
        author_kind=AuthorKind.CUSTOMER,
        author_name=person.name or ticket.customer.name,
        author_address=person.value,
        text=text,
        external_id=f"{secrets.token_hex(16)}@written-down.invalid",
        created_at=clock.now(),
    )


def _opened(ticket: Ticket, message: Message) -> TicketOpened:
    return TicketOpened(
        ticket_id=ticket.pk,
        message_id=message.pk,
        inbox_id=ticket.inbox_id,
        customer_id=ticket.customer_id,
        channel=ticket.channel,
        origin="agent",
    )
