"""The post: what was set aside, what has not gone out, and doing something about many."""

import re
from typing import Any

import pytest
from django.test import Client

from tests.cast import Cast, events_of, settle
from tests.workspace.conftest import Desk
from zabota.core import clock
from zabota.intake.chores import LOT, go_on_with_chores
from zabota.intake.deliveries import send_next
from zabota.intake.models import Chore, Delivery, Inbound
from zabota.intake.protocol import NotConfigured, SendFailed
from zabota.staff.models import Agent
from zabota.tickets.models import Ticket
from zabota.tickets.writing import send_reply

State = Inbound.State


def failed(cast: Cast, reason: Exception) -> Ticket:
    ticket = cast.receive()
    send_reply(ticket, "Сегодня", actor=cast.anna)
    Delivery.objects.filter(is_automatic=True).delete()
    Delivery.objects.update(due_at=clock.now())
    cast.post.refuses = reason  # type: ignore[assignment]
    send_next()
    settle()
    return ticket


def toasts(client: Client, page: str = "/inbound") -> str:
    return " ".join(re.findall(r'class="toast.*?</div>', client.get(page).content.decode(), re.S))


def test_failed_letters_stand_with_their_reason_and_are_sent_again(cast: Cast, desk: Desk) -> None:
    failed(cast, SendFailed("550 no such mailbox", retry=False))
    client = desk(cast.vera)
    page = client.get("/outbox?tab=failed").content.decode()
    assert "550 no such mailbox" in page and "dana@example.ru" in page
    rail = client.get("/outbox", headers={"zabota-fragments": "rail"}).content.decode()
    assert 'class="count is-overdue">1<' in rail
    cast.post.refuses = None
    response = client.post(f"/outbox/{Delivery.objects.get().pk}/retry", {"from": "outbox"})
    assert response["Location"] == "/outbox"
    assert send_next()
    assert "Everything has left" in client.get("/outbox").content.decode()


def test_what_names_no_sender_cannot_be_blocked(cast: Cast, desk: Desk) -> None:
    pk = cast.accept(refuse="broken")
    settle()
    client, picked = desk(cast.vera), {"tab": "quarantined", "do": "block", "pk": [pk]}
    Inbound.objects.update(envelope={})
    client.post("/inbound/many", picked)
    assert "What names no sender cannot be blocked" in toasts(client)


def test_without_a_mail_server_letters_wait_and_the_page_says_so(cast: Cast, desk: Desk) -> None:
    ticket = failed(cast, NotConfigured())
    client = desk(cast.vera)
    page = client.get("/outbox").content.decode()
    assert "ZABOTA_OUTGOING_MAIL" in page and "waits for a mail server" in page
    assert "no mail server is set up" in client.get(f"/tickets/{ticket.number}").content.decode()


def test_a_letter_is_cancelled_its_ticket_is_open_again_and_it_can_be_undone(
    cast: Cast, desk: Desk
) -> None:
    ticket = failed(cast, SendFailed("451 later", retry=True))
    ticket.refresh_from_db()
    assert ticket.status == ticket.status.__class__(2)
    client = desk(cast.vera)
    letter = Delivery.objects.get()
    client.post("/outbox/many", {"tab": "waiting", "do": "cancel", "pk": letter.pk})
    settle()
    letter.refresh_from_db()
    ticket.refresh_from_db()
    assert (letter.state, ticket.status) == (Delivery.State.CANCELLED, 1)
    assert events_of(ticket)[-1] == "ticket.status"
    assert "not sent" in client.get(f"/tickets/{ticket.number}").content.decode()
    client.post(f"/chores/{Chore.objects.get().pk}/undo")
    letter.refresh_from_db()
    assert letter.state == Delivery.State.FAILED


def test_what_could_not_be_read_is_shown_and_read_again(cast: Cast, desk: Desk) -> None:
    pk = cast.accept(refuse="two headers in one")
    settle()
    client = desk(cast.vera)
    assert "two headers in one" in client.get("/inbound?tab=quarantined").content.decode()
    page = client.get(f"/inbound/{pk}").content.decode()
    assert "two headers in one" in page and "cannot be read here" in page
    raw = client.get(f"/inbound/{pk}/raw")
    assert b"two headers" in raw.content and raw["Content-Disposition"].startswith("attachment")
    client.post(f"/inbound/{pk}/retry")
    assert Inbound.objects.get(pk=pk).state == State.RECEIVED


def test_a_list_says_who_what_and_why_in_ones_language(cast: Cast, desk: Desk) -> None:
    pk = cast.accept(author=cast.inbox.address, name="Мы", subject="Счёт", html="<b>x</b>")
    settle()
    page = desk(cast.vera).get("/inbound").content.decode()
    assert all(said in page for said in ("Мы", "Счёт", "claims to come from our own address"))
    Agent.objects.filter(pk=cast.vera.pk).update(language="ru")
    client = desk(cast.vera)
    assert "с нашего собственного адреса" in client.get("/inbound").content.decode()
    original = client.get(f"/inbound/{pk}/original")
    assert b"<b>x</b>" in original.content
    assert "sandbox" in original["Content-Security-Policy"]


@pytest.mark.parametrize("lacks", [{"author": ""}, {"bounce": True, "references": ["a@b"]}])
def test_what_belongs_nowhere_asks_for_a_ticket(
    cast: Cast, desk: Desk, lacks: dict[str, Any]
) -> None:
    ticket, client = cast.receive(), desk(cast.vera)
    pk = cast.accept(text="Кому это?", **lacks)
    settle()
    client.post("/inbound/many", {"tab": "suspended", "do": "let_in", "pk": pk})
    assert Inbound.objects.get(pk=pk).state == State.SUSPENDED
    assert "lacks a ticket" in toasts(client)
    for wrong in ({}, {"ticket": "999999"}, {"ticket": "x"}, {"author": "nobody"}):
        assert client.post(f"/inbound/{pk}/retry", wrong).status_code == 422
    client.post(f"/inbound/{pk}/retry", {"ticket": f"№ {ticket.number}"})
    settle()
    assert ticket.messages.filter(inbound_id=pk, text="Кому это?").exists()


def test_or_for_the_customer_it_is_from(cast: Cast, desk: Desk) -> None:
    pk = cast.accept(author="", text="Кому это?")
    settle()
    desk(cast.vera).post(f"/inbound/{pk}/retry", {"author": "Olga@example.ru"})
    settle()
    ticket = Ticket.objects.get(messages__inbound_id=pk)
    assert (ticket.identity.value, ticket.messages.get().author_kind) == ("olga@example.ru", 0)


def test_deleted_letters_come_back_by_undo_and_never_by_themselves(cast: Cast, desk: Desk) -> None:
    letter: dict[str, Any] = {"author": "", "external_id": "once@example.ru"}
    pk = cast.accept(**letter)
    settle()
    client = desk(cast.vera)
    client.post("/inbound/many", {"tab": "suspended", "do": "delete", "pk": pk})
    assert Inbound.objects.get(pk=pk).state == State.DELETED
    assert "/undo" in toasts(client) and cast.accept(**letter) == 0
    client.post(f"/chores/{Chore.objects.get().pk}/undo")
    assert Inbound.objects.get(pk=pk).state == State.SUSPENDED


def test_thousands_are_done_in_lots_and_the_page_says_how_far(cast: Cast, desk: Desk) -> None:
    for _letter in range(LOT + 1):
        cast.accept(author=cast.inbox.address)
    settle()
    client = desk(cast.vera)
    client.post("/inbound/many", {"tab": "suspended", "do": "let_in", "everything": "1"})
    assert Inbound.objects.filter(state=State.SUSPENDED).count() == LOT + 1
    assert go_on_with_chores()
    assert f"In work: {LOT} of {LOT + 1}" in client.get("/inbound").content.decode()
    assert go_on_with_chores() and not go_on_with_chores()
    settle()
    assert Ticket.objects.count() == LOT + 1


def test_a_chore_is_undone_by_who_did_it(cast: Cast, desk: Desk) -> None:
    cast.accept(author="")
    settle()
    desk(cast.vera).post("/inbound/many", {"tab": "suspended", "do": "delete", "everything": "1"})
    assert desk(cast.admin).post(f"/chores/{Chore.objects.get().pk}/undo").status_code == 404


def test_lists_cost_the_same(cast: Cast, desk: Desk, django_assert_max_num_queries: object) -> None:
    client = desk(cast.vera)
    for n in (1, 3):
        while Inbound.objects.count() < n:
            cast.accept(author="")
        settle()
        with django_assert_max_num_queries(9):  # type: ignore[operator]
            client.get("/inbound")
