"""A reply that did not arrive is sent to the address an agent corrects."""

import pytest

from tests.cast import Cast, events_of, settle
from tests.workspace.conftest import Desk
from zabota.core import clock
from zabota.intake.deliveries import send_next
from zabota.intake.models import Delivery
from zabota.intake.protocol import SendFailed
from zabota.tickets.models import Message, Ticket
from zabota.tickets.writing import send_reply


def refused(cast: Cast, *, retry: bool = False) -> tuple[Ticket, Message]:
    ticket = cast.receive()
    reply = send_reply(ticket, "Сегодня", actor=cast.anna)
    Delivery.objects.filter(is_automatic=True).delete()
    Delivery.objects.update(due_at=clock.now())
    cast.post.refuses = SendFailed("550 no such mailbox", retry=retry)
    send_next()
    settle()
    cast.post.refuses = None
    return ticket, reply


@pytest.mark.parametrize("retry", [False, True])
def test_the_letter_and_those_after_it_go_to_the_right_address(
    cast: Cast, desk: Desk, *, retry: bool
) -> None:
    ticket, reply = refused(cast, retry=retry)
    client, address = desk(cast.anna), f"/tickets/{ticket.number}"
    assert "Send to another address" in client.get(address).content.decode()
    before = Delivery.objects.get().payload
    client.post(f"/messages/{reply.pk}/send-there", {"address": " Dana.K@example.ru "})
    assert send_next()
    sent = cast.post.sent[-1]
    assert [one.value for one in sent.to] == ["dana.k@example.ru"]
    assert (sent.external_id, sent.text) == (reply.external_id, before["text"])
    assert sent.reply_to != before["reply_to"], "an answer from there is told apart"
    assert events_of(ticket)[-1] == "ticket.address"
    ticket.refresh_from_db()
    assert ticket.identity.value == "dana.k@example.ru"
    page = client.get(address).content.decode()
    assert "Answers now go to dana.k@example.ru" in page
    assert "Send to another address" not in page


@pytest.mark.parametrize("value", ["", "nobody", "help@example.ru"])
def test_not_to_nothing_nor_to_ourselves(cast: Cast, desk: Desk, value: str) -> None:
    _ticket, reply = refused(cast)
    desk(cast.anna).post(f"/messages/{reply.pk}/send-there", {"address": value})
    assert Delivery.objects.get().state == Delivery.State.FAILED


def test_what_arrived_stays_where_it_is(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive()
    reply = send_reply(ticket, "Сегодня", actor=cast.anna)
    desk(cast.anna).post(f"/messages/{reply.pk}/send-there", {"address": "other@example.ru"})
    ticket.refresh_from_db()
    assert ticket.identity.value == "dana@example.ru"
    assert Delivery.objects.get(message_id=reply.pk).recipient == "dana@example.ru"


def test_who_may_not_reply_may_not_choose(cast: Cast, desk: Desk) -> None:
    _ticket, reply = refused(cast)
    for agent in (cast.charlie, cast.analyst):
        response = desk(agent).post(f"/messages/{reply.pk}/send-there", {"address": "a@b.example"})
        assert response.status_code == 404
    assert Delivery.objects.get().recipient == "dana@example.ru"
