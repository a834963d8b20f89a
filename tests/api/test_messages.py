"""Conversations over the API: read by pages, answered, noted, with files."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.conftest import Program
from tests.cast import Cast, events_of
from zabota.core import clock
from zabota.intake.deliveries import send_next
from zabota.intake.models import Delivery
from zabota.intake.protocol import NotConfigured, SendFailed
from zabota.tickets.models import Attachment, Message, Ticket
from zabota.tickets.writing import NewFile, send_reply, undo_reply, write_note


def words_of(items: Iterable[Any]) -> list[str]:
    return [item["text"] for item in items]


def send_now() -> None:
    with clock.at(clock.now() + timedelta(seconds=11)):
        while send_next():
            pass


def test_a_conversation(cast: Cast, anna: Program) -> None:
    ticket = cast.receive(text="Ау?", quoted_text="> раньше", html="<p>Ау?</p>", name="Дана")
    send_reply(ticket, "Здесь", actor=cast.anna)
    write_note(ticket, "Проверить", actor=cast.bob)
    page = anna.get(f"/tickets/{ticket.number}/messages")
    assert page["next"] is None
    asked, answered, noted = page["items"]
    assert asked.pop("created_at").endswith("Z")
    assert asked == {
        "id": Message.objects.order_by("pk")[0].pk,
        "kind": "message",
        "direction": "in",
        "text": "Ау?",
        "quoted_text": "> раньше",
        "html": "<p>Ау?</p>",
        "author": {"kind": "customer", "name": "Дана", "email": "dana@example.ru"},
        "delivery": None,
        "attachments": [],
    }
    assert (answered["direction"], answered["delivery"]["state"]) == ("out", "queued")
    assert answered["author"] == {"kind": "agent", "name": "Anna", "email": cast.anna.email}
    assert (noted["kind"], noted["direction"], noted["delivery"]) == ("note", None, None)
    assert noted["author"] == {"kind": "agent", "name": "Bob", "email": cast.bob.email}


def test_pages_of_words_said_at_the_same_moment(cast: Cast, anna: Program) -> None:
    with clock.at(clock.now()):
        ticket = cast.receive(text="0")
        for n in range(3):
            write_note(ticket, f"note {n}", actor=cast.anna)
            send_reply(ticket, f"message {n}", actor=cast.anna)
    path = f"/tickets/{ticket.number}/messages"
    whole = words_of(anna.get(path)["items"])
    assert len(whole) == 7
    for limit in (1, 2, 3):
        pages = [words_of(page) for page in anna.pages(path, limit=limit)]
        assert [words for page in pages for words in page] == whole
        assert {len(page) for page in pages[:-1]} == {limit}


def test_what_was_taken_back_is_gone(cast: Cast, anna: Program) -> None:
    ticket = cast.receive(text="Ау?")
    undo_reply(send_reply(ticket, "Поспешил", actor=cast.anna), actor=cast.anna)
    assert words_of(anna.get(f"/tickets/{ticket.number}/messages")["items"]) == ["Ау?"]


def test_a_conversation_costs_the_same_at_any_length(cast: Cast, anna: Program) -> None:
    ticket = cast.receive(external_id="1@x", files={"a.txt": "a"})
    write_note(ticket, "note", actor=cast.anna)
    send_reply(ticket, "reply", actor=cast.anna)
    path = f"/tickets/{ticket.number}/messages"
    anna.get(path)
    counts = []
    for n in range(2):
        with CaptureQueriesContext(connection) as captured:
            anna.get(path)
        counts.append(len(captured))
        cast.receive(external_id=f"2{n}@x", references=["1@x"], files={"b.txt": "b"})
        write_note(ticket, "note", actor=cast.bob, files=[NewFile("c.txt", "text/plain", b"c")])
        send_reply(ticket, "reply", actor=cast.vera)
    assert counts[0] == counts[1] <= 10


def test_answering(cast: Cast, anna: Program) -> None:
    ticket = cast.receive()
    data = anna.post(f"/tickets/{ticket.number}/messages", {"text": "Отправим"})
    assert (data["kind"], data["direction"], data["text"]) == ("message", "out", "Отправим")
    assert data["delivery"] == {"state": "queued", "error": None}
    assert anna.get(f"/tickets/{ticket.number}")["status"] == "pending"
    assert events_of(ticket)[-2:] == ["reply.sent", "ticket.status"]
    cast.post.sent.clear()
    send_now()
    assert "Отправим" in [mail.text for mail in cast.post.sent]
    assert anna.get(f"/tickets/{ticket.number}/messages")["items"][1]["delivery"]["state"] == "sent"


@pytest.mark.parametrize(
    ("fault", "state", "error"),
    [
        (SendFailed("no such mailbox", retry=False), "failed", "no such mailbox"),
        (SendFailed("busy", retry=True), "queued", "busy"),
        (NotConfigured(), "waiting", None),
    ],
)
def test_answers_that_do_not_arrive(
    cast: Cast, anna: Program, fault: Any, state: str, error: str | None
) -> None:
    ticket = cast.receive()
    cast.post.refuses = fault
    anna.post(f"/tickets/{ticket.number}/messages", {"text": "Отправим"})
    send_now()
    delivery = anna.get(f"/tickets/{ticket.number}/messages")["items"][1]["delivery"]
    assert delivery == {"state": state, "error": error}


def test_answering_and_solving(cast: Cast, anna: Program) -> None:
    ticket = cast.receive()
    anna.post(f"/tickets/{ticket.number}/messages", {"text": "Готово", "status": "solved"})
    data = anna.get(f"/tickets/{ticket.number}")
    assert (data["status"], data["outcome"]) == ("solved", "solved")


def test_noting(cast: Cast, anna: Program) -> None:
    ticket = cast.receive()
    path = f"/tickets/{ticket.number}/messages"
    before = Delivery.objects.count()
    data = anna.post(path, {"text": "Между нами", "kind": "note"})
    assert (data["kind"], data["direction"], data["author"]["name"]) == ("note", None, "Anna")
    assert anna.get(f"/tickets/{ticket.number}")["status"] == "new"
    anna.post(path, {"text": "Ждём", "kind": "note", "status": "on_hold"})
    assert anna.get(f"/tickets/{ticket.number}")["status"] == "on_hold"
    assert Delivery.objects.count() == before


def test_a_note_whose_status_cannot_be_is_not_left(cast: Cast, anna: Program) -> None:
    ticket = cast.receive()
    path = f"/tickets/{ticket.number}"
    anna.patch(path, {"status": "closed"})
    anna.post(f"{path}/messages", {"text": "a", "kind": "note", "status": "open"}, status=422)
    assert len(anna.get(f"{path}/messages")["items"]) == 1
    assert "closed" in anna.post(f"{path}/messages", {"text": "a"}, status=422)["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": "  "},
        {"text": "a\x00"},
        {"text": "\udfff"},
        {"text": 1},
        {"text": "a" * 100_001},
        {"text": "a", "kind": "event"},
        {"text": "a", "direction": "in"},
    ],
)
def test_words_that_cannot_be(cast: Cast, anna: Program, body: Any) -> None:
    anna.post(f"/tickets/{cast.receive().number}/messages", body, status=422)


def test_files(cast: Cast, anna: Program, charlie: Program) -> None:
    ticket = cast.receive(files={"чек.txt": "сто рублей"})
    note = write_note(
        ticket, "вот", actor=cast.anna, files=[NewFile("x.html", "text/html", b"<script>")]
    )
    first, second = anna.get(f"/tickets/{ticket.number}/messages")["items"]
    shown = first["attachments"][0]
    address = shown.pop("url")
    assert address == f"http://testserver/api/v1/attachments/{shown.pop('id')}"
    assert shown == {
        "filename": "чек.txt", "content_type": "text/plain", "size": 19, "content_id": None,
    }  # fmt: skip
    path = address.removeprefix("http://testserver/api/v1")
    response = anna.ask("GET", path)
    assert response.content.decode() == "сто рублей"
    assert response["Content-Disposition"].startswith("attachment; filename*=")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox;")
    hostile = anna.ask("GET", f"/attachments/{second['attachments'][0]['id']}")
    assert hostile["Content-Type"] == "application/octet-stream"
    assert note.attachments.get().content_type == "text/html"
    assert charlie.ask("GET", path).status_code == 404
    Ticket.objects.update(deleted_at=clock.now())
    assert anna.ask("GET", path).status_code == 404


@pytest.mark.parametrize(
    "name", ['a"b\\c.txt', "a\r\nSet-Cookie: x=1.txt", "\u202etxt.exe", "", "𝕏" * 255]
)
def test_names_of_files_are_hostile_too(cast: Cast, anna: Program, name: str) -> None:
    cast.receive(files={"a.txt": "a"})
    Attachment.objects.update(filename=name)
    response = anna.ask("GET", f"/attachments/{Attachment.objects.get().pk}")
    assert response.status_code == 200
    assert response["Content-Disposition"].startswith("attachment")
    assert "Set-Cookie" not in response.headers


def test_a_file_that_is_lost(cast: Cast, anna: Program) -> None:
    cast.receive(files={"a.txt": "a"})
    attachment = Attachment.objects.get()
    attachment.blob.key = "0" * 40
    attachment.blob.save()
    assert anna.ask("GET", f"/attachments/{attachment.pk}").status_code == 404
