"""Agents answer, change their mind, leave notes, open tickets by hand."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from tests.cast import Cast, events_of, settle
from zabota.core import clock
from zabota.intake.deliveries import PAUSES, send_next
from zabota.intake.models import Delivery
from zabota.intake.outbox import retry_deliveries
from zabota.intake.protocol import Address, NotConfigured, SendFailed
from zabota.staff.models import Agent
from zabota.tickets.actions import as_actor, save_draft, set_status
from zabota.tickets.choices import Status
from zabota.tickets.models import Draft, Message
from zabota.tickets.opening import open_ticket
from zabota.tickets.threading import token_ticket
from zabota.tickets.writing import NewFile, send_reply, undo_reply, write_note


def send_all(after: timedelta = timedelta(seconds=11)) -> int:
    """Let this much time pass and send everything that is due then."""
    with clock.at(clock.now() + after):
        sent = 0
        while send_next():
            sent += 1
    settle()
    return sent


def test_a_reply_goes_out_threaded_after_the_undo_time(cast: Cast) -> None:
    ticket = cast.receive(external_id="first@x", subject="Возврат")
    cast.post.sent.clear()
    send_all()
    cast.post.sent.clear()
    files = [NewFile("a.txt", "text/plain", b"1")]
    with clock.at(clock.now()):
        reply = send_reply(ticket, "Отправим <сегодня>", actor=cast.anna, files=files)
        assert send_all(after=timedelta(seconds=9)) == 0
    assert send_all() == 1
    mail = cast.post.sent[0]
    assert mail.to == (Address("dana@example.ru", "Дана Ковалёва"),)
    assert mail.sender == Address("help@example.ru", "Anna, Support")
    assert mail.subject == "Re: Возврат"
    assert mail.html == "<p>Отправим &lt;сегодня&gt;</p>"
    assert mail.external_id == reply.external_id
    assert (mail.in_reply_to, mail.references) == ("first@x", ("first@x",))
    assert mail.reply_to is not None
    assert token_ticket([mail.reply_to.split("+")[1].split("@")[0]]) == ticket.pk
    assert [(f.filename, f.content) for f in mail.files] == [("a.txt", b"1")]
    ticket.refresh_from_db()
    assert ticket.status == Status.PENDING
    assert ticket.first_replied_at == reply.created_at
    assert events_of(ticket)[2:] == ["reply.sent", "ticket.status"]


def test_a_letter_the_channel_stumbles_over_fails_in_sight(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(message: object) -> None:
        raise ValueError("cannot be written")

    send_reply(cast.receive(), "Ответ", actor=cast.anna)
    monkeypatch.setattr(cast.post, "send", stumble)
    send_all()
    for delivery in Delivery.objects.all():
        assert (delivery.state, delivery.attempts) == (Delivery.State.QUEUED, 1)
        assert delivery.error == "ValueError: cannot be written"


def test_undo_brings_the_words_back_and_sends_nothing(cast: Cast) -> None:
    ticket = cast.receive(text="Ау?")
    send_all()
    cast.post.sent.clear()
    reply = send_reply(ticket, "Поспешил", actor=cast.anna)
    assert not undo_reply(reply, actor=cast.bob)
    assert undo_reply(reply, actor=cast.anna)
    assert not undo_reply(reply, actor=cast.anna)
    assert send_all() == 0
    assert Draft.objects.get().text == "Поспешил"
    ticket.refresh_from_db()
    assert (ticket.status, ticket.last_words, ticket.first_replied_at) == (Status.NEW, "Ау?", None)
    assert events_of(ticket)[-2:] == ["reply.undone", "ticket.status"]


def test_too_late_to_undo(cast: Cast) -> None:
    ticket = cast.receive()
    reply = send_reply(ticket, "Ушло", actor=cast.anna)
    send_all()
    assert not undo_reply(reply, actor=cast.anna)
    assert Message.objects.get(pk=reply.pk).undone_at is None


def test_a_lost_network_is_tried_again_and_a_refusal_reopens(cast: Cast) -> None:
    ticket = cast.receive()
    send_all()
    reply = send_reply(ticket, "Ответ", actor=cast.anna)
    cast.post.refuses = SendFailed("no route", retry=True)
    send_all()
    delivery = Delivery.objects.get(message_id=reply.pk)
    assert (delivery.state, delivery.attempts, delivery.error) == (0, 1, "no route")
    cast.post.refuses = SendFailed("550 no such user", retry=False)
    send_all(after=PAUSES[0] + timedelta(seconds=12))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.error) == (Delivery.State.FAILED, "550 no such user")
    ticket.refresh_from_db()
    assert ticket.status == Status.OPEN
    assert events_of(ticket)[-2:] == ["reply.failed", "ticket.status"]
    cast.post.refuses = None
    assert retry_deliveries([delivery.pk], actor=as_actor(cast.anna)) == 1
    send_all()
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.SENT


def test_without_a_server_mail_waits_and_uses_up_no_tries(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = cast.receive()
    reply = send_reply(ticket, "Ответ", actor=cast.anna)

    def nothing(message: object) -> None:
        raise NotConfigured

    monkeypatch.setattr(cast.post, "send", nothing)
    send_all()
    delivery = Delivery.objects.get(message_id=reply.pk)
    assert (delivery.state, delivery.is_waiting, delivery.attempts) == (0, True, 0)


def test_a_sender_that_died_leaves_a_lease_that_runs_out(cast: Cast) -> None:
    cast.receive()
    Delivery.objects.update(state=Delivery.State.SENDING, due_at=clock.now() + timedelta(minutes=5))
    assert send_all(after=timedelta(minutes=4)) == 0
    assert send_all(after=timedelta(minutes=6)) == 1


def test_a_note_never_leaves(cast: Cast) -> None:
    ticket = cast.receive()
    send_all()
    cast.post.sent.clear()
    note = write_note(ticket, "Бухгалтерия нашла", actor=cast.vera)
    assert send_all() == 0
    assert note.author_name == "Vera"
    assert events_of(ticket)[-1] == "note.written"


@pytest.mark.parametrize("who", ["charlie", "analyst"])
def test_who_may_not_answer(cast: Cast, who: str) -> None:
    ticket = cast.receive()
    agent: Agent = getattr(cast, who)
    for write in (send_reply, write_note):
        with pytest.raises(PermissionDenied):
            write(ticket, "Привет", actor=agent)


@pytest.mark.parametrize("text", ["", " \n\x00 ", "я" * 100_001])
def test_odd_texts_are_refused(cast: Cast, text: str) -> None:
    ticket = cast.receive()
    with pytest.raises(ValidationError):
        send_reply(ticket, text, actor=cast.anna)
    assert events_of(ticket) == ["ticket.opened", "receipt.queued"]


def test_tickets_opened_by_hand(cast: Cast) -> None:
    who = Address("new@example.ru", "Новый\nКлиент")
    written = open_ticket(cast.inbox, who, "Привет", "Мы нашли", actor=cast.anna, to_customer=True)
    assert send_all() == 1
    assert cast.post.sent[-1].subject == "Привет"
    noted = open_ticket(cast.inbox, who, "Звонок", "Просит", actor=cast.anna, to_customer=False)
    assert send_all() == 0
    assert written.customer == noted.customer
    assert written.customer.name == "Новый Клиент"
    assert (noted.assignee, noted.status) == (cast.anna, Status.OPEN)
    answer = cast.receive(author="new@example.ru", references=[cast.post.sent[-1].external_id])
    assert answer == written


def test_undo_keeps_what_was_begun_since(cast: Cast) -> None:
    ticket = cast.receive()
    reply = send_reply(ticket, "Поспешил", actor=cast.anna)
    save_draft(ticket, "И ещё", actor=cast.anna, kind=Draft.Kind.MESSAGE)
    assert undo_reply(reply, actor=cast.anna)
    assert Draft.objects.get().text == "Поспешил\n\nИ ещё"


def test_undo_leaves_what_others_did_since(cast: Cast) -> None:
    ticket = cast.receive()
    first = send_reply(ticket, "Раз", actor=cast.anna)
    set_status(ticket, Status.ON_HOLD, actor=cast.bob)
    assert undo_reply(first, actor=cast.anna)
    ticket.refresh_from_db()
    assert ticket.status == Status.ON_HOLD
    second = send_reply(ticket, "Два", actor=cast.anna)
    send_reply(ticket, "Три", actor=cast.bob)
    assert undo_reply(second, actor=cast.anna)
    ticket.refresh_from_db()
    assert ticket.status == Status.PENDING


def test_undo_one_after_the_other_leads_back_to_the_beginning(cast: Cast) -> None:
    ticket = cast.receive()
    first = send_reply(ticket, "Раз", actor=cast.anna)
    second = send_reply(ticket, "Два", actor=cast.anna, status=Status.SOLVED)
    assert undo_reply(second, actor=cast.anna)
    assert undo_reply(first, actor=cast.anna)
    ticket.refresh_from_db()
    assert ticket.status == Status.NEW


def test_the_words_a_ticket_was_opened_with_can_be_taken_back(cast: Cast) -> None:
    ticket = open_ticket(
        cast.inbox, Address("new@example.ru"), "Счёт", "Тайна", actor=cast.anna, to_customer=True
    )
    assert undo_reply(ticket.messages.get(), actor=cast.anna)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.last_words, ticket.first_replied_at) == (Status.OPEN, "", None)
