"""A bounce finds the letter it returns, marks it and the address; a word from there clears it."""

import re

import pytest

from tests.cast import Cast, events_of, settle
from zabota.channels.email.identity import identify
from zabota.channels.email.send import return_path
from zabota.channels.email.tests.test_bounces import DSN, GONE
from zabota.customers.models import Identity
from zabota.intake.actions import accept_inbound, add_inbox
from zabota.intake.deliveries import _thaw
from zabota.intake.models import Delivery, Inbound, Inbox
from zabota.intake.returns import return_token
from zabota.tickets.choices import AuthorKind, Status
from zabota.tickets.models import Message, Ticket
from zabota.tickets.writing import send_reply

State = Delivery.State
DANA = "dana@example.ru"
ASKED = "From: Дана <dana@example.ru>\nMessage-ID: <asked@example.ru>\nSubject: Где?\n\nГде деньги?"


def take_in(inbox: Inbox, text: str, to: str = "help@example.com", sender: str = "") -> Inbound:
    external_id, body_hash = identify(text.encode())
    pk = accept_inbound(
        inbox,
        text.encode(),
        external_id=external_id,
        body_hash=body_hash,
        envelope={"mail_from": sender, "rcpt_to": [to]},
    )
    settle()
    return Inbound.objects.get(pk=pk or 0)


@pytest.fixture
def sent(cast: Cast, inbox: Inbox) -> Delivery:
    """Анна has answered Дана, and the server took it."""
    take_in(inbox, ASKED, sender=DANA)
    message = send_reply(Ticket.objects.get(), "Уже отправили", actor=cast.anna)
    Delivery.objects.update(state=State.SENT)
    return Delivery.objects.get(message_id=message.pk)


def way_back(delivery: Delivery) -> str:
    return return_path(_thaw(delivery))


def bounce(action: str = "failed", status: str = "5.1.1", said: str = GONE) -> str:
    return DSN.format(action=action, status=status, said=said)


def test_by_the_signed_way_back(inbox: Inbox, sent: Delivery) -> None:
    """Nothing in it names our letter but the address it came to."""
    text = re.sub(r"Message-ID: .*\n", "", bounce())
    entry = take_in(inbox, text, way_back(sent))
    assert entry.state == Inbound.State.APPLIED
    sent.refresh_from_db()
    assert (sent.state, sent.error) == (State.FAILED, GONE)
    ticket = Ticket.objects.get()
    assert ticket.status == Status.OPEN
    assert events_of(ticket)[-3:] == ["message.received", "reply.failed", "ticket.status"]
    said = Message.objects.get(inbound_id=entry.pk)
    assert said.author_kind == AuthorKind.MACHINE
    assert said.details["bounce"]["status"] == "5.1.1"
    identity = Identity.objects.get(value=DANA)
    assert identity.bounced_at is not None and identity.bounce_reason == GONE


def test_by_the_envelope_id_we_gave(inbox: Inbox, sent: Delivery) -> None:
    text = bounce().replace("some-envelope-id", return_token(sent.pk)).replace("ours@", "x@")
    take_in(inbox, text)
    assert Delivery.objects.get(pk=sent.pk).state == State.FAILED


def test_by_the_id_of_the_letter(inbox: Inbox, sent: Delivery) -> None:
    take_in(inbox, bounce().replace("ours@example.com", sent.external_id))
    assert Delivery.objects.get(pk=sent.pk).state == State.FAILED


@pytest.mark.parametrize("text", [bounce(), bounce("delayed")], ids=["failed", "late"])
def test_of_something_we_did_not_send(inbox: Inbox, text: str) -> None:
    forged = "help+b-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.com"
    assert take_in(inbox, text, forged).state == Inbound.State.SUSPENDED


def test_late_is_noted_and_nothing_fails(inbox: Inbox, sent: Delivery) -> None:
    entry = take_in(inbox, bounce("delayed", "4.4.1", "no answer"), way_back(sent))
    assert Message.objects.get(inbound_id=entry.pk).details["bounce"]["late"]
    assert Delivery.objects.get(pk=sent.pk).state == State.SENT
    assert Identity.objects.get(value=DANA).bounced_at is None
    assert Ticket.objects.get().status == Status.PENDING


def test_refused_for_its_words_says_nothing_of_the_address(inbox: Inbox, sent: Delivery) -> None:
    take_in(inbox, bounce("failed", "5.7.1", "554 5.7.1 Spam"), way_back(sent))
    assert Delivery.objects.get(pk=sent.pk).state == State.FAILED
    assert Identity.objects.get(value=DANA).bounced_at is None


def test_a_word_from_there_clears_it(inbox: Inbox, sent: Delivery) -> None:
    take_in(inbox, bounce(), way_back(sent))
    take_in(inbox, ASKED.replace("<asked@", "<again@") + " Снова", sender=DANA)
    identity = Identity.objects.get(value=DANA)
    assert (identity.bounced_at, identity.bounce_reason) == (None, "")


def test_a_machines_answer_to_the_way_back_is_no_bounce(inbox: Inbox, sent: Delivery) -> None:
    """RFC 3834 §4: automatic answers go to the return path."""
    away = "From: dana@example.ru\nMessage-ID: <2@x>\nAuto-Submitted: auto-replied\n\nЯ в отпуске"
    entry = take_in(inbox, away, way_back(sent))
    assert Message.objects.get(inbound_id=entry.pk).ticket == Ticket.objects.get()
    assert Delivery.objects.get(pk=sent.pk).state == State.SENT
    assert Identity.objects.get(value=DANA).bounced_at is None


def test_automatic_letters_have_no_way_back(inbox: Inbox, sent: Delivery) -> None:
    receipt = Delivery.objects.get(is_automatic=True)
    assert way_back(receipt) == ""
    assert way_back(sent).startswith("help+b-")


def test_a_long_name_leaves_no_room_for_a_token(cast: Cast, inbox: Inbox) -> None:
    long = add_inbox(f"{'help' * 12}@example.com")[0]
    take_in(long, ASKED, sender=DANA)
    message = send_reply(Ticket.objects.get(), "Уже", actor=cast.admin)
    assert way_back(Delivery.objects.get(message_id=message.pk)) == long.address
