"""Views, search, a customer's card, a ticket by hand."""

import re

import pytest

from tests.cast import Cast
from tests.workspace.conftest import Desk
from zabota.intake.models import Delivery
from zabota.tickets.actions import assign, set_status
from zabota.tickets.choices import Status
from zabota.tickets.models import Message, Ticket
from zabota.workspace.context.rail import forget_counts


def numbers(page: bytes) -> list[int]:
    return [int(n) for n in re.findall(r'id="row-(\d+)"', page.decode())]


def test_home_is_what_is_mine(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive()
    cast.receive()
    assign(ticket, cast.anna, actor=cast.anna)
    response = desk(cast.anna).get("/", follow=True)
    assert response.request["PATH_INFO"] == "/views/mine"
    assert numbers(response.content) == [ticket.number]


def test_views_count_what_they_hold(cast: Cast, desk: Desk) -> None:
    first, second = cast.receive(), cast.receive(author="b@example.ru")
    set_status(second, Status.SOLVED, actor=cast.anna)
    client = desk(cast.anna)
    assert numbers(client.get("/views/open").content) == [first.number]
    assert numbers(client.get("/views/solved").content) == [second.number]
    rail = client.get("/views/open", headers={"zabota-fragments": "rail"}).content.decode()
    assert re.findall(r'class="count">(\d+)<', rail) == ["1", "1", "1"]


def test_counts_may_be_old_on_a_page_but_not_on_a_live_screen(cast: Cast, desk: Desk) -> None:
    def count(**headers: str) -> list[str]:
        page = client.get("/views/open", headers=headers).content.decode()
        return re.findall(r'class="count">(\d+)<', page[: page.index("</nav>")])

    client = desk(cast.anna)
    first = cast.receive()
    assert count() == ["1", "1"]
    cast.receive(author="b@example.ru")
    assert count() == ["1", "1"]
    assert count(zabota_fragments="rail") == ["2", "2"]
    client.post(f"/tickets/{first.number}/changes", {"outcome": "solved"})
    assert count() == ["1", "1", "1"]


def test_unknown_views_are_not_there(cast: Cast, desk: Desk) -> None:
    response = desk(cast.anna).get("/views/nope")
    assert response.status_code == 404
    assert "Nothing here" in response.content.decode()


def test_pages_of_a_list(cast: Cast, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zabota.workspace.context.lists.PAGE", 2)
    made = [cast.receive(author=f"{n}@example.ru").number for n in range(3)]
    client = desk(cast.anna)
    first = client.get("/views/open").content
    older = re.search(r'href="(/views/open\?after=[^"]+)"', first.decode())
    assert older is not None
    second = client.get(older[1].replace("&amp;", "&")).content
    assert numbers(first) + numbers(second) == made[::-1]
    assert b"To the newest" in second


@pytest.mark.parametrize("after", ["x", "2026-01-01~", "~5", "2026-13-01T00:00~1"])
def test_a_broken_place_is_the_first_page(after: str, cast: Cast, desk: Desk) -> None:
    ticket = cast.receive()
    assert numbers(desk(cast.anna).get("/views/open", {"after": after}).content) == [ticket.number]


def test_an_empty_desk_teaches(cast: Cast, desk: Desk) -> None:
    page = desk(cast.anna).get("/views/mine").content.decode()
    assert "Waiting for the first letter" in page and "help@example.ru" in page
    cast.receive()
    forget_counts(cast.anna)
    page = desk(cast.anna).get("/views/mine").content.decode()
    assert "1 ticket waits for somebody to take it" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [("деньгами", True), ('"где деньги"', True), ("валенки", False), ("", False)],
)
def test_search_knows_forms_of_words(query: str, found: bool, cast: Cast, desk: Desk) -> None:
    ticket = cast.receive(text="Где деньги?")
    page = desk(cast.anna).get("/search", {"q": query}).content
    assert numbers(page) == ([ticket.number] if found else [])
    assert (b"<mark>" in page) is found


def test_search_respects_who_asks(cast: Cast, desk: Desk) -> None:
    cast.receive(text="Где деньги?")
    assert numbers(desk(cast.charlie).get("/search", {"q": "деньги"}).content) == []


def test_a_customer_with_all_their_tickets(cast: Cast, desk: Desk) -> None:
    made = [cast.receive().number for _ in range(2)]
    cast.receive(author="b@example.ru")
    customer = Ticket.objects.get(number=made[0]).customer
    page = desk(cast.anna).get(f"/customers/{customer.pk}").content
    assert numbers(page) == made[::-1]
    assert "dana@example.ru" in page.decode()


def new_ticket(**changed: str) -> dict[str, str]:
    return {
        "way": "letter",
        "email": "Dana@Example.ru",
        "name": "Дана",
        "subject": "Возврат",
        "text": "Добрый день",
        **changed,
    }


def test_nobody_learns_addresses_of_customers_they_may_not_see(cast: Cast, desk: Desk) -> None:
    customer = cast.receive().customer
    address = f"/tickets/new?customer={customer.pk}"
    assert "dana@example.ru" in desk(cast.anna).get(address).content.decode()
    assert "dana@example.ru" not in desk(cast.charlie).get(address).content.decode()


def test_a_letter_first(cast: Cast, desk: Desk) -> None:
    form = new_ticket(inbox=str(cast.inbox.pk))
    response = desk(cast.anna).post("/tickets/new", form, follow=True)
    ticket = Ticket.objects.get()
    assert response.request["PATH_INFO"] == f"/tickets/{ticket.number}"
    assert ticket.identity.value == "dana@example.ru"
    assert Delivery.objects.get().recipient == "dana@example.ru"


def test_what_they_said_is_written_down(cast: Cast, desk: Desk) -> None:
    form = new_ticket(inbox=str(cast.inbox.pk), way="spoken")
    desk(cast.anna).post("/tickets/new", form)
    assert Message.objects.get().author_address == "dana@example.ru"
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"email": "dana@"}, "An address looks like name@example.com"),
        ({"subject": " "}, "A few words"),
        ({"text": ""}, "Write something first"),
        ({"inbox": "0"}, "Choose which address"),
    ],
)
def test_what_is_missing_is_said(wrong: dict[str, str], said: str, cast: Cast, desk: Desk) -> None:
    from zabota.intake.actions import add_inbox

    add_inbox("sales@example.ru", channel="letterbox")
    form = new_ticket(inbox=str(cast.inbox.pk)) | wrong
    response = desk(cast.anna).post("/tickets/new", form)
    assert response.status_code == 422
    page = response.content.decode()
    assert said in page and "Дана" in page
    assert not Ticket.objects.exists()
