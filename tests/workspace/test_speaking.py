"""Who speaks, as an agent sees it: quiet when known, clear when anybody could have written it."""

from typing import Any

import pytest

from tests.cast import Cast, events_of
from tests.workspace.conftest import Desk
from zabota.customers.models import Identity
from zabota.intake.models import Delivery
from zabota.intake.senders import Authentication
from zabota.tickets.models import Message, Ticket
from zabota.tickets.writing import send_reply

WARNING = "The domain of the sender disowns this letter: it may be forged"


def told(cast: Cast, **details: Any) -> Ticket:
    ticket = cast.receive()
    Message.objects.update(details=details)
    return ticket


@pytest.mark.parametrize(
    ("dmarc", "words", "is_loud"),
    [
        ("pass", "example.ru vouches for the sender", False),
        ("none", "Nobody vouches for this sender", False),
        ("fail", WARNING, True),
    ],
)
def test_a_mark_and_its_facts(
    cast: Cast, desk: Desk, dmarc: str, words: str, is_loud: bool
) -> None:
    found = Authentication("pass", "none", dmarc, "example.ru", "mx.example.com")
    ticket = told(cast, authentication=found.as_json())
    page = desk(cast.anna).get(f"/tickets/{ticket.number}").content.decode()
    assert words in page and "mx.example.com" in page
    assert ("remark is-bad" in page) is is_loud


def test_nothing_where_nobody_was_asked(cast: Cast, desk: Desk) -> None:
    ticket = told(cast)
    page = desk(cast.anna).get(f"/tickets/{ticket.number}").content.decode()
    assert "speaker-" not in page and "Answer there" not in page


def test_an_agent_takes_up_the_address_it_asks_for(cast: Cast, desk: Desk) -> None:
    ticket = told(cast, reply_to=["office@example.ru", "Офис"])
    client, customer = desk(cast.anna), ticket.customer_id
    address = f"/tickets/{ticket.number}"
    assert "asks to be answered at office@example.ru" in client.get(address).content.decode()
    message = Message.objects.get()
    client.post(f"/messages/{message.pk}/answer-there")
    page = client.get(address).content.decode()
    assert "Answers now go to office@example.ru" in page and "Answer there" not in page
    ticket.refresh_from_db()
    assert ticket.customer_id == customer, "who they are is not what a mail says"
    assert Identity.objects.get(value="office@example.ru").customer_id == customer
    assert events_of(ticket)[-1] == "ticket.address"
    reply = send_reply(ticket, "Уже", actor=cast.anna)
    assert Delivery.objects.get(message_id=reply.pk).recipient == "office@example.ru"


@pytest.mark.parametrize("wanted", [["help@example.ru", ""], ["no address", ""], []])
def test_not_to_ourselves_nor_to_nothing(cast: Cast, desk: Desk, wanted: list[str]) -> None:
    ticket = told(cast, reply_to=wanted)
    before = ticket.identity_id
    desk(cast.anna).post(f"/messages/{Message.objects.get().pk}/answer-there")
    ticket.refresh_from_db()
    assert ticket.identity_id == before


def test_who_may_not_reply_may_not_choose(cast: Cast, desk: Desk) -> None:
    told(cast, reply_to=["office@example.ru", ""])
    message = Message.objects.get()
    assert desk(cast.charlie).post(f"/messages/{message.pk}/answer-there").status_code == 404
