"""What a ticket's page is made of."""

import pytest
from django.utils import translation

from tests.cast import Cast, settle
from zabota.tickets.actions import assign, set_status
from zabota.tickets.choices import Outcome, Status
from zabota.tickets.conversation import read_conversation
from zabota.tickets.models import Ticket
from zabota.tickets.writing import NewFile, send_reply, write_note


def tell_a_story(cast: Cast) -> Ticket:
    ticket = cast.receive(external_id="a@x", files={"чек.txt": "1"})
    assign(ticket, cast.anna, actor=cast.vera)
    write_note(ticket, "Ошибка наша", actor=cast.vera, files=[NewFile("s.txt", "text/plain", b"2")])
    send_reply(ticket, "Отправим", actor=cast.anna)
    set_status(ticket, Status.SOLVED, actor=cast.anna, outcome=Outcome.PARTLY)
    settle()
    return ticket


def test_everything_in_the_order_it_happened(cast: Cast) -> None:
    talk = read_conversation(tell_a_story(cast))
    with translation.override("en"):
        told = [
            e.event.event.sentence(talk.names) if e.event else (e.message or e.note).text  # type: ignore[union-attr]
            for e in talk.entries
        ]
    assert told == [
        "Где деньги?",
        "Received and registered",
        "Receipt confirmed to the customer",
        "Assigned to Anna",
        "Ошибка наша",
        "Отправим",
        "Status: Pending",
        "Status: Solved, outcome: Partly solved",
    ]
    assert [f.filename for e in talk.entries for f in e.files] == ["чек.txt", "s.txt"]
    assert [e.delivery is not None for e in talk.entries if e.message] == [False, True]


@pytest.mark.parametrize("turns", [1, 3])
def test_queries_do_not_grow_with_the_conversation(
    cast: Cast, turns: int, django_assert_num_queries: object
) -> None:
    ticket = cast.receive(external_id="a@x")
    for _ in range(turns):
        send_reply(ticket, "Ещё", actor=cast.anna)
    read_conversation(ticket)  # fills the directory
    with django_assert_num_queries(5):  # type: ignore[operator]
        read_conversation(ticket)
