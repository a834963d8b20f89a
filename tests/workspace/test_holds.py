"""Stopping all letters by hand, and letting them leave: on the outbox, for who keeps the post."""

import pytest

from tests.cast import Cast
from tests.workspace.conftest import Desk
from zabota.customers.actions import mark_bounced
from zabota.intake.brake import AUTOMATIC
from zabota.intake.deliveries import send_next
from zabota.intake.holds import open_hold, open_holds
from zabota.intake.models import Hold
from zabota.tickets.writing import send_reply


def test_a_supervisor_stops_and_releases(cast: Cast, desk: Desk) -> None:
    cast.receive()  # its receipt waits
    client = desk(cast.vera)
    assert "Stop sending" in client.get("/outbox").content.decode()
    client.post("/outbox/hold")
    page = client.get("/outbox").content.decode()
    assert "Nothing is sent at the moment" in page and "Stopped by Vera" in page
    assert not send_next()
    client.post("/outbox/release")
    assert "Nothing is sent" not in client.get("/outbox").content.decode()
    assert open_holds().count() == 0
    assert Hold.objects.get().released_by == cast.vera
    assert send_next()


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (Hold.Cause.RESTORED, "Restored from a backup"),
        (Hold.Cause.BURST, "400 automatic letters within a minute"),
    ],
)
def test_the_page_says_why(cast: Cast, desk: Desk, cause: Hold.Cause, words: str) -> None:
    open_hold(cause, f"{AUTOMATIC}: 400")
    assert words in desk(cast.vera).get("/outbox").content.decode()


def test_others_may_not(cast: Cast, desk: Desk) -> None:
    open_hold(Hold.Cause.BY_HAND)
    assert desk(cast.anna).post("/outbox/release").status_code == 404
    assert open_holds().exists()


def test_an_address_that_bounced_is_marked_where_one_writes(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive()
    client = desk(cast.anna)
    address = f"/tickets/{ticket.number}"
    assert "bounced on" not in client.get(address).content.decode()
    mark_bounced(("email", "dana@example.ru"), "550 5.1.1 User unknown")
    page = client.get(address).content.decode()
    assert page.count("bounced on") == 2 and page.count("There is no such mailbox") == 2


def test_an_answer_that_is_held_says_so_and_can_still_be_undone(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive()
    send_reply(ticket, "Уже отправили", actor=cast.anna)
    open_hold(Hold.Cause.BY_HAND, "Vera")
    page = desk(cast.anna).get(f"/tickets/{ticket.number}").content.decode()
    assert "held back: nothing is sent at the moment" in page and "Undo" in page
    assert "held back" in desk(cast.vera).get("/outbox").content.decode()
