"""Spam and the bin at the desk: put away, undo, look, bring back."""

import re

from tests.cast import Cast
from tests.workspace.conftest import Desk
from tests.workspace.test_post import toasts
from zabota.intake.models import Block
from zabota.tickets.bin import delete_tickets
from zabota.tickets.models import Message, SpamLesson, SpamWord, Ticket
from zabota.tickets.spam import ENOUGH, TOTAL


def undo_of(said: str) -> str:
    found = re.search(r'action="(/tickets/bring-back[^"]*)"', said)
    assert found, said
    return found[1].replace("&amp;", "&")


def test_several_are_spam_at_once_and_one_key_undoes_it(cast: Cast, desk: Desk) -> None:
    numbers = [cast.receive(author=f"s{n}@spam.example").number for n in range(2)]
    client = desk(cast.anna)
    page = client.get("/views/open").content.decode()
    assert page.count("row-check") == 2 and 'value="delete"' not in page
    response = client.post("/tickets/put-away?view=unassigned", {"do": "spam", "pk": numbers})
    assert response["Location"] == "/views/unassigned"
    said = toasts(client, "/views/open")
    assert "2 tickets are spam" in said and not Block.objects.exists()
    assert Ticket.objects.filter(is_spam=True).count() == 2
    client.post(undo_of(said))
    assert Ticket.objects.filter(is_spam=True).count() == 0


def test_marking_one_offers_to_block_its_sender(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive(author="s@spam.example")
    client = desk(cast.vera)
    client.post("/tickets/put-away", {"do": "spam", "pk": ticket.number})
    assert "Block s@spam.example" in toasts(client, "/views/open")
    client.post("/settings/blocks", {"value": "s@spam.example", "reason": "casino"})
    page = client.get("/settings/blocks?q=casino").content.decode()
    assert "s@spam.example" in page and "Vera" in page
    client.post(f"/settings/blocks/{Block.objects.get().pk}/remove")
    assert not Block.objects.exists()


def test_what_cannot_be_blocked_says_why(cast: Cast, desk: Desk) -> None:
    client = desk(cast.vera)
    for value, words in {
        "": "looks like",
        "a b@c.example": "looks like",
        "localhost": "looks like",
        cast.inbox.address: "our own",
        "example.ru": "our own",
    }.items():
        response = client.post("/settings/blocks", {"value": value})
        assert response.status_code == 422 and words in response.content.decode(), value


def test_a_hidden_ticket_is_read_where_it_lies_and_nowhere_else(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive(text="Тайна")
    delete_tickets([ticket.number], actor=cast.vera)
    client = desk(cast.vera)
    assert client.get(f"/tickets/{ticket.number}").status_code == 404
    assert f"/hidden/{ticket.number}" in client.get("/views/bin").content.decode()
    page = client.get(f"/hidden/{ticket.number}").content.decode()
    assert "Тайна" in page and "Bring back" in page
    response = client.post("/tickets/bring-back", {"pk": ticket.number})
    assert response["Location"] == f"/tickets/{ticket.number}"


def test_a_doubtful_one_asks_once(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive(subject="Приз", text="казино бонус выигрыш")
    Ticket.objects.update(spam_score=0.95)
    words = ("казино", "бонус", "выигрыш")
    SpamWord.objects.create(word=TOTAL, spam=ENOUGH, ham=ENOUGH)
    SpamWord.objects.bulk_create([SpamWord(word=word, spam=9) for word in words])
    client = desk(cast.anna)
    page = client.get(f"/tickets/{ticket.number}").content.decode()
    assert "Looks like spam" in page and "казино" in page
    client.post(f"/tickets/{ticket.number}/no-spam")
    assert SpamLesson.objects.get().is_spam is False
    assert "Looks like spam" not in client.get(f"/tickets/{ticket.number}").content.decode()
    assert Message.objects.count() == 1
