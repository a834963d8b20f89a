"""Messages from outside become tickets and replies: fifty at a time, one being a list of one."""

import errno
import logging
from collections.abc import Sequence
from dataclasses import replace

from django.db import connection, transaction

from zabota.core import clock
from zabota.core.database import is_away, is_true
from zabota.core.locks import Lock
from zabota.customers.actions import clear_bounces
from zabota.events.record import Happening, record_all
from zabota.events.registry import Actor
from zabota.files.actions import undone_with_rows
from zabota.intake.actions import Verdict, count_try, finish_inbound, forget_try
from zabota.intake.aside import AUTHOR, describe_set_aside
from zabota.intake.deliveries import fail_bounced
from zabota.intake.models import Inbound
from zabota.intake.protocol import Address, InboundMessage, InboundRefused
from zabota.intake.queries import raw_bytes, take_received
from zabota.intake.reasons import Reason
from zabota.intake.registry import channel_of
from zabota.intake.returns import Report
from zabota.tickets.bin_events import TicketMarkedSpam
from zabota.tickets.by_mail import answer_for_agents
from zabota.tickets.events import MessageReceived, TicketEvent, TicketOpened, TicketReopened
from zabota.tickets.judging import judge
from zabota.tickets.placing import Incoming, Placed, Placement
from zabota.tickets.storing import store

log = logging.getLogger("zabota.intake")

# Of the machine, not of the message, which goes in once there is room again.
NO_ROOM = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EMFILE,
    errno.ENFILE,
    errno.EHOSTUNREACH,  # a bucket that does not answer
}
MOST_TRIES = 5
ANY_RECEIVED = "SELECT EXISTS (SELECT FROM intake_inbound WHERE state = 0)"
State, Outcome = Inbound.State, Inbound.Outcome


def apply_inbound(limit: int = 50) -> int:
    """Apply the oldest waiting rows in one transaction; give back how many were taken.

    One applier at a time, so that a reply never overtakes its parent.
    """
    if not is_true(ANY_RECEIVED):
        return 0
    with undone_with_rows(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.APPLY])
        entries = take_received(limit)
        read = [_read(entry) for entry in entries]
        incoming = [r for r in read if isinstance(r, Incoming)]
        verdicts = [r for r in read if isinstance(r, Verdict)]
        verdicts += _receive_or_set_aside(incoming)
        finish_inbound(verdicts)
        describe_set_aside(verdicts, entries, {i.entry.pk: i.message for i in incoming})
    return len(entries)


def apply_carefully(limit: int = 50) -> None:
    """The same after a start: one at a time, each counted before it is read.

    One of them may be why there is a new start, however the last one ended; after some of those it
    is quarantined, and what waits behind it comes through.
    """
    for entry in Inbound.objects.filter(state=State.RECEIVED).order_by("pk")[:limit]:
        if count_try(entry) > MOST_TRIES:
            _give_up(entry)
            continue
        try:
            apply_inbound(limit=1)
        except Exception:  # the machine's fault, or it would be quarantined; we are still here
            forget_try(entry)
            raise


@transaction.atomic
def _give_up(entry: Inbound) -> None:
    reason = Reason.ENDED_WORKER.with_detail(MOST_TRIES)
    rows = Inbound.objects.select_for_update().filter(pk=entry.pk, state=State.RECEIVED)
    finish_inbound([Verdict(row.pk, State.QUARANTINED, reason=reason) for row in rows])


def _read(entry: Inbound) -> Incoming | Verdict:
    try:
        message = channel_of(entry.channel).parse(raw_bytes(entry), entry.envelope)
    except InboundRefused as error:
        return Verdict(entry.pk, State.QUARANTINED, reason=str(error))
    except Exception as error:
        if _is_passing(error):
            raise
        log.exception("inbound %s cannot be read", entry.pk)
        return Verdict(entry.pk, State.QUARANTINED, reason=f"{type(error).__name__}: {error}")
    return Incoming(entry, _as_told(entry, message))


def _as_told(entry: Inbound, message: InboundMessage) -> InboundMessage:
    """A supervisor who let it in may have said whose words it is."""
    author = entry.envelope.get(AUTHOR)
    if not author:
        return message
    return replace(message, author=Address(author), bounce=False)


def _is_passing(error: Exception) -> bool:
    return is_away(error) or (isinstance(error, OSError) and error.errno in NO_ROOM)


def _receive_or_set_aside(incoming: Sequence[Incoming]) -> list[Verdict]:
    """All at once; if that fails, one by one, and only the bad one is quarantined."""
    try:
        with undone_with_rows(), transaction.atomic():
            return receive_messages(incoming)
    except Exception as error:
        if _is_passing(error):
            raise
        log.exception("applying %d messages", len(incoming))
        if len(incoming) == 1:
            reason = f"{type(error).__name__}: {error}"
            return [Verdict(incoming[0].entry.pk, State.QUARANTINED, reason=reason)]
    return [verdict for one in incoming for verdict in _receive_or_set_aside([one])]


def receive_messages(incoming: Sequence[Incoming]) -> list[Verdict]:
    """Place each message, store all of them, record what happened; one verdict for each."""
    verdicts, incoming = answer_for_agents(incoming)
    if not incoming:
        return verdicts
    placement = Placement(incoming)
    placed = [placement.place(one) for one in incoming]
    stored = [p for p in placed if isinstance(p, Placed)]
    judge(stored)
    store(stored)
    record_all([h for p in stored for h in _happenings(p)])
    for message in (p.incoming.message for p in stored):
        if message.bounce:
            fail_bounced(message.references, message.return_tokens, _report_of(message))
    clear_bounces(placement.alive)
    return verdicts + [_verdict(p) if isinstance(p, Placed) else p for p in placed]


def _verdict(placed: Placed) -> Verdict:
    outcome = Outcome.TICKET if placed.is_new else Outcome.REPLY
    return Verdict(placed.incoming.entry.pk, State.APPLIED, outcome=outcome)


def _report_of(message: InboundMessage) -> Report:
    said = " ".join(message.text.split())[:300] or message.subject
    return message.report or Report(reason=said)


def _happenings(placed: Placed) -> list[Happening]:
    incoming, ticket, message = placed.incoming, placed.ticket, placed.row
    actor = (
        Actor("agent", message.agent_id)
        if placed.is_ours
        else Actor("customer", ticket.customer_id)
    )
    said = MessageReceived(
        ticket_id=ticket.pk,
        message_id=message.pk,
        author=placed.author_kind.slug,
        origin=incoming.origin,
        automatic=message.is_automatic,
    )
    opened = TicketOpened(
        ticket_id=ticket.pk,
        message_id=message.pk,
        inbox_id=ticket.inbox_id,
        customer_id=ticket.customer_id,
        channel=ticket.channel,
        origin=incoming.origin,
        automatic=message.is_automatic,
        follows_id=ticket.follows_id,
    )
    events: list[TicketEvent] = [opened] if placed.is_new else [said]
    if placed.reopened_from is not None:
        events.append(TicketReopened(ticket_id=ticket.pk, before=placed.reopened_from))
    if placed.is_new and ticket.is_spam:
        events.append(TicketMarkedSpam(ticket_id=ticket.pk, by_score=True))
    at = incoming.created_at if incoming.is_import else clock.now()
    return [Happening(event, actor, at) for event in events]
