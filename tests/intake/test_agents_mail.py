"""An agent answers from their own mail: with a signed address and a domain that vouches, only."""

import pytest

from tests.cast import Cast, events_of, settle
from tests.intake.test_returns import ASKED, DANA, take_in
from zabota.channels.email.identity import identify
from zabota.intake.actions import accept_inbound, retry_inbound
from zabota.intake.models import Delivery, Inbound, Inbox
from zabota.intake.reasons import Reason
from zabota.intake.senders import Authentication
from zabota.tickets.actions import as_actor, save_draft
from zabota.tickets.by_mail import agent_token
from zabota.tickets.choices import AuthorKind, Direction, Status
from zabota.tickets.models import Draft, Message, Ticket
from zabota.tickets.threading import reply_token

ANNA, CHARLIE = "anna@desk.example", "charlie@desk.example"
KNOWN = Authentication("pass", "pass", "pass", "desk.example")
GUESSED = Authentication("pass", "none", "bestguesspass", "desk.example")
FORGED = Authentication("fail", "none", "fail", "desk.example")
State = Inbound.State


@pytest.fixture
def ticket(inbox: Inbox) -> Ticket:
    take_in(inbox, ASKED, sender=DANA)
    return Ticket.objects.get()


def write(
    inbox: Inbox, token: str, found: Authentication | None, sender: str = ANNA, extra: str = ""
) -> Inbound:
    text = (
        f"From: {sender}\nMessage-ID: <{sender}-{token[:4]}>\nSubject: Re: Где?\n{extra}\n"
        "Деньги придут завтра\n\n> Где деньги?\n"
    )
    external_id, body_hash = identify(text.encode())
    checked = {"authentication": found.as_json()} if found else {}
    pk = accept_inbound(
        inbox,
        text.encode(),
        external_id=external_id,
        body_hash=body_hash,
        envelope={"mail_from": sender, "rcpt_to": [f"help+{token}@example.com"], **checked},
    )
    settle()
    return Inbound.objects.get(pk=pk or 0)


def test_it_is_the_agents_answer_to_the_customer(cast: Cast, inbox: Inbox, ticket: Ticket) -> None:
    save_draft(ticket, "ещё пишу", actor=cast.anna, kind=Draft.Kind.MESSAGE)
    entry = write(inbox, agent_token(ticket.pk, cast.anna.pk), KNOWN)
    assert (entry.state, entry.outcome) == (State.APPLIED, Inbound.Outcome.REPLY)
    said = Message.objects.get(inbound_id=entry.pk)
    assert (said.direction, said.author_kind) == (Direction.OUT, AuthorKind.AGENT)
    assert said.agent == cast.anna and said.text == "Деньги придут завтра"
    sent = Delivery.objects.get(message_id=said.pk)
    assert sent.recipient == DANA and "help@example.com" in sent.payload["sender"]
    assert ANNA not in str(sent.payload), "an agent's own address is nobody else's"
    assert events_of(ticket)[-2:] == ["reply.sent", "ticket.status"]
    ticket.refresh_from_db()
    assert ticket.status == Status.PENDING
    assert Draft.objects.get().text == "ещё пишу"


def test_at_the_customers_address_too(cast: Cast, inbox: Inbox, ticket: Ticket) -> None:
    """A customer who copies them in: they answer all."""
    entry = write(inbox, reply_token(ticket.pk, ticket.identity_id), KNOWN)
    assert Message.objects.get(inbound_id=entry.pk).agent == cast.anna


@pytest.mark.parametrize("found", [FORGED, GUESSED, None])
def test_not_without_a_domain_that_vouches(
    cast: Cast, inbox: Inbox, ticket: Ticket, found: Authentication | None
) -> None:
    entry = write(inbox, agent_token(ticket.pk, cast.anna.pk), found)
    assert (entry.state, entry.reason) == (State.SUSPENDED, Reason.UNVERIFIED_AGENT)
    assert Message.objects.count() == 1 and not Delivery.objects.filter(is_automatic=False)


def test_not_without_a_token(cast: Cast, inbox: Inbox, ticket: Ticket) -> None:
    """Then they are a person like others, and the mail a request of theirs."""
    entry = write(inbox, "a" * 40, KNOWN, extra="In-Reply-To: <asked@example.ru>\n")
    said = Message.objects.get(inbound_id=entry.pk)
    assert said.ticket != ticket and said.author_kind == AuthorKind.CUSTOMER


def test_not_with_a_colleagues_token(cast: Cast, inbox: Inbox, ticket: Ticket) -> None:
    entry = write(inbox, agent_token(ticket.pk, cast.bob.pk), KNOWN)
    assert Message.objects.get(inbound_id=entry.pk).ticket != ticket


def test_not_where_they_may_not(cast: Cast, inbox: Inbox, ticket: Ticket) -> None:
    entry = write(inbox, agent_token(ticket.pk, cast.charlie.pk), KNOWN, CHARLIE)
    assert (entry.state, entry.reason) == (State.SUSPENDED, Reason.AGENT_MAY_NOT)


def test_not_after_they_have_left(cast: Cast, inbox: Inbox, ticket: Ticket) -> None:
    cast.anna.is_active = False
    cast.anna.save()
    entry = write(inbox, agent_token(ticket.pk, cast.anna.pk), KNOWN)
    said = Message.objects.get(inbound_id=entry.pk)
    assert said.direction == Direction.IN and said.ticket != ticket


def test_not_what_their_machine_writes(cast: Cast, inbox: Inbox, ticket: Ticket) -> None:
    entry = write(
        inbox, agent_token(ticket.pk, cast.anna.pk), KNOWN, extra="Auto-Submitted: auto-replied\n"
    )
    assert not Delivery.objects.filter(is_automatic=False).exists()
    assert Message.objects.get(inbound_id=entry.pk).direction == Direction.IN


def test_about_their_own_request_they_are_a_customer(cast: Cast, inbox: Inbox) -> None:
    take_in(inbox, ASKED.replace("dana@example.ru", ANNA, 1), sender=ANNA)
    own = Ticket.objects.get()
    entry = write(inbox, reply_token(own.pk, own.identity_id), KNOWN)
    said = Message.objects.get(inbound_id=entry.pk)
    assert (said.ticket, said.author_kind) == (own, AuthorKind.CUSTOMER)


def test_let_in_by_a_supervisor_it_is_a_third_persons_message(
    cast: Cast, inbox: Inbox, ticket: Ticket
) -> None:
    entry = write(inbox, reply_token(ticket.pk, ticket.identity_id), FORGED)
    retry_inbound(entry, actor=as_actor(cast.vera))
    settle()
    said = Message.objects.get(inbound_id=entry.pk)
    assert (said.ticket, said.author_kind) == (ticket, AuthorKind.THIRD)
    assert not Delivery.objects.filter(is_automatic=False).exists()
