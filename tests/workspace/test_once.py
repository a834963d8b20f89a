"""A form sent twice does its work once; one that failed may be sent again."""

import re

import pytest

from tests.cast import Cast
from tests.workspace.conftest import Desk
from zabota.tickets.models import Message, Note, Ticket

KEY = re.compile(r'name="once" value="([\w-]+)"')


def key_on(page: bytes) -> str:
    found = KEY.search(page.decode())
    assert found
    return found[1]


@pytest.mark.parametrize(("kind", "model"), [("message", Message), ("note", Note)])
def test_an_answer_sent_twice(cast: Cast, desk: Desk, kind: str, model: type) -> None:
    ticket, client = cast.receive(), desk(cast.anna)
    address = f"/tickets/{ticket.number}"
    form = {"kind": kind, "text": "Отправим", "once": key_on(client.get(address).content)}
    assert client.post(f"{address}/messages", form | {"text": " "}).status_code == 422
    for _ in range(2):
        assert client.post(f"{address}/messages", form).status_code == 302
    assert model.objects.filter(text="Отправим").count() == 1  # type: ignore[attr-defined]
    other = desk(cast.bob)  # a key is its agent's own
    other.post(f"{address}/messages", form)
    assert model.objects.filter(text="Отправим").count() == 2  # type: ignore[attr-defined]


def test_a_ticket_opened_twice(cast: Cast, desk: Desk) -> None:
    client = desk(cast.anna)
    form = {
        "email": "new@example.ru",
        "subject": "Привет",
        "text": "Нашли",
        "inbox": str(cast.inbox.pk),
        "once": key_on(client.get("/tickets/new").content),
    }
    for _ in range(2):
        assert client.post("/tickets/new", form).status_code == 302
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize("address", ["messages", "draft", "changes"])
def test_a_nul_is_refused(cast: Cast, desk: Desk, address: str) -> None:
    ticket = cast.receive()
    form = {"text": "\x00", "tags": "\x00", "kind": "message"}
    posted = desk(cast.anna).post(f"/tickets/{ticket.number}/{address}", form)
    assert posted.status_code == 400
