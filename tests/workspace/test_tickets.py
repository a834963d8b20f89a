"""A ticket's page, whole and in fragments, and what is done on it."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.cast import Cast, events_of, settle
from tests.workspace.conftest import Desk
from zabota.core import clock
from zabota.intake.deliveries import send_next
from zabota.intake.models import Delivery
from zabota.intake.protocol import SendFailed
from zabota.tickets.actions import assign, set_status
from zabota.tickets.choices import Outcome, Priority, Status
from zabota.tickets.models import Attachment, Draft, Message, Note, Seen, Ticket
from zabota.tickets.writing import send_reply, write_note
from zabota.workspace.context.rail import forget_counts


def text(client: Client, address: str, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == 200, response
    return response.content.decode()


def test_a_conversation_in_order(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive(text="Где деньги?\n\nЖду.", quoted_text="> Ждите\n> ещё")
    write_note(ticket, "Нашли ошибку", actor=cast.bob)
    assign(ticket, cast.anna, actor=cast.vera)
    send_reply(ticket, "Отправим сегодня", actor=cast.anna)
    page = text(desk(cast.anna), f"/tickets/{ticket.number}", zabota_fragments="thread")
    parts = [
        "Где деньги?",
        "Quote, 2 lines",
        "Нашли ошибку",
        "Assigned to Anna",
        "Отправим сегодня",
    ]
    places = [page.index(part) for part in parts]
    assert places == sorted(places)
    assert "only colleagues see it" in page


def test_strangers_words_are_only_words(cast: Cast, desk: Desk) -> None:
    evil = '"><script>alert(1)</script>'
    ticket = cast.receive(subject=evil, text=evil, name=evil, files={f"{evil}.txt": "x"})
    client = desk(cast.anna)
    found = f"/search?q={evil}"
    for address in (f"/tickets/{ticket.number}", "/views/open", "/customers/1", found):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page


def test_links_are_followed_safely(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive(text="см. https://example.ru/?a=1&b=2 и javascript:alert(1)")
    page = text(desk(cast.anna), f"/tickets/{ticket.number}")
    assert '<a href="https://example.ru/?a=1&amp;b=2"' in page
    assert 'rel="nofollow noreferrer"' in page or 'rel="noreferrer nofollow"' in page
    assert 'href="javascript:' not in page


@pytest.mark.parametrize("name", ["rail", "list", "head", "thread", "composer", "card"])
def test_a_fragment_is_that_part_of_the_page(name: str, cast: Cast, desk: Desk) -> None:
    ticket = cast.receive()
    client, address = desk(cast.anna), f"/tickets/{ticket.number}"
    fragment = text(client, address, zabota_fragments=name)
    assert "<html" not in fragment
    own = fragment.split(">", 1)[0].lstrip()
    assert own in text(client, address)
    if name != "composer":
        assert f'data-fragment="{name}"' in own


def test_fragments_ask_only_for_themselves(
    cast: Cast, desk: Desk, django_assert_max_num_queries: object
) -> None:
    ticket = cast.receive()
    client = desk(cast.anna)
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        text(client, f"/tickets/{ticket.number}", zabota_fragments="card")


def test_the_list_beside_a_ticket_is_remembered(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive()
    assign(ticket, cast.anna, actor=cast.anna)
    client = desk(cast.anna)
    page = text(client, f"/tickets/{ticket.number}?view=mine")
    assert 'id="list-mine"' in page
    response = client.post(f"/tickets/{ticket.number}/changes?view=mine", {"priority": "high"})
    assert response["Location"] == f"/tickets/{ticket.number}?view=mine"


def test_changes(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive()
    client, address = desk(cast.anna), f"/tickets/{ticket.number}/changes"
    for change in (
        {"status": "on_hold"},
        {"priority": "urgent"},
        {"assignee": cast.anna.pk},
        {"team": cast.workshop.pk, "category": ""},
        {"tag": " Возврат  денег "},
        {"outcome": "partly"},
    ):
        assert client.post(address, change).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.status, ticket.outcome) == (Status.SOLVED, Outcome.PARTLY)
    assert (ticket.priority, ticket.assignee, ticket.team) == (
        Priority.URGENT,
        cast.anna,
        cast.workshop,
    )
    assert ticket.tags == ["возврат денег"]


def test_a_tag_is_taken_off(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive()
    client, address = desk(cast.anna), f"/tickets/{ticket.number}/changes"
    client.post(address, {"tag": "a"})
    client.post(address, {"known_tag": "b"})
    client.post(address, {"untag": "a"})
    ticket.refresh_from_db()
    assert ticket.tags == ["b"]


@pytest.mark.parametrize(
    "change", [{"status": "lost"}, {"assignee": "99999"}, {"team": "x"}, {"tag": "x" * 41}]
)
def test_what_makes_no_sense_is_said(change: dict[str, str], cast: Cast, desk: Desk) -> None:
    ticket = cast.receive()
    client = desk(cast.anna)
    address = f"/tickets/{ticket.number}"
    before = events_of(ticket)
    client.post(f"{address}/changes", change)
    assert 'class="toast"' in text(client, address)
    assert events_of(ticket) == before


def test_a_reply_goes_out_and_can_be_undone(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive()
    client, address = desk(cast.anna), f"/tickets/{ticket.number}"
    file = SimpleUploadedFile("чек.pdf", b"%PDF")
    response = client.post(
        f"{address}/messages",
        {"kind": "message", "text": "Сегодня", "status": "solved", "files": file},
    )
    assert response["Location"].startswith(address)
    message = Message.objects.get(ticket=ticket, agent=cast.anna)
    page = text(client, address)
    assert "leaves in" in page and f"/messages/{message.pk}/undo" in page
    client.post(f"/messages/{message.pk}/undo")
    page = text(client, address)
    assert "Taken back" in page and "Сегодня</textarea>" in page
    ticket.refresh_from_db()
    assert ticket.status == Status.NEW

    client.post(f"{address}/messages", {"kind": "message", "text": "Завтра", "again": message.pk})
    again = Message.objects.get(ticket=ticket, agent=cast.anna, undone_at=None)
    assert [a.filename for a in again.attachments.all()] == ["чек.pdf"]


def test_too_late_to_undo(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive()
    message = send_reply(ticket, "Сегодня", actor=cast.anna)
    Delivery.objects.filter(message_id=message.pk).update(due_at=clock.now())
    Delivery.objects.filter(is_automatic=True).delete()
    send_next()
    client = desk(cast.anna)
    client.post(f"/messages/{message.pk}/undo")
    page = text(client, f"/tickets/{ticket.number}")
    assert "It has left already" in page and "Сегодня" in page


def test_files_of_others_are_not_sent_again(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive(files={"secret.txt": "x"})
    theirs = Attachment.objects.get().message_id
    body = {"kind": "message", "text": "Да", "again": theirs}
    desk(cast.anna).post(f"/tickets/{ticket.number}/messages", body)
    assert Attachment.objects.count() == 1


def test_a_note_stays_inside(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive()
    body = {"kind": "note", "text": "Это наша ошибка"}
    desk(cast.anna).post(f"/tickets/{ticket.number}/messages", body)
    assert Note.objects.get(ticket=ticket).text == "Это наша ошибка"
    assert not Delivery.objects.filter(is_automatic=False).exists()


def test_what_cannot_be_sent_comes_back(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive()
    set_status(ticket, Status.CLOSED, actor=cast.anna)
    body = {"kind": "message", "text": "Постойте"}
    response = desk(cast.anna).post(f"/tickets/{ticket.number}/messages", body)
    assert response.status_code == 422
    page = response.content.decode()
    assert "This ticket is closed" in page and "Постойте</textarea>" in page


def test_drafts_are_kept_for_their_writer(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive()
    client, address = desk(cast.anna), f"/tickets/{ticket.number}"
    client.post(f"{address}/draft", {"kind": "message", "text": "Дана, мы"})
    client.post(f"{address}/draft", {"kind": "note", "text": "Спросить склад"})
    page = text(client, address)
    assert "Дана, мы</textarea>" in page and 'value="Спросить склад"' in page
    assert "Дана, мы" not in text(desk(cast.bob), address)
    client.post(f"{address}/draft", {"kind": "note", "text": ""})
    assert Draft.objects.get().kind == Draft.Kind.MESSAGE


def test_seen_is_told_by_the_browser(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive()
    client = desk(cast.anna)
    assert "is-unread" in text(client, "/views/open")
    client.post(f"/tickets/{ticket.number}/seen")
    assert Seen.objects.get().agent == cast.anna
    assert "is-unread" not in text(client, "/views/open")
    assert "is-unread" in text(desk(cast.bob), "/views/open")


def test_a_failed_letter_says_why_and_is_tried_again(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive()
    message = send_reply(ticket, "Сегодня", actor=cast.anna)
    Delivery.objects.filter(message_id=message.pk).update(due_at=clock.now())
    Delivery.objects.filter(is_automatic=True).delete()
    cast.post.refuses = SendFailed("550 no such mailbox", retry=False)
    send_next()
    settle()
    client, address = desk(cast.anna), f"/tickets/{ticket.number}"
    page = text(client, address)
    assert "not delivered" in page and "550 no such mailbox" in page
    cast.post.refuses = None
    client.post(f"/outbox/{Delivery.objects.get().pk}/retry")
    send_next()
    assert [m.text for m in cast.post.sent] == ["Сегодня"]
    assert "not delivered" not in text(client, address)


def test_who_may_only_look_finds_nothing_to_press(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive()
    page = text(desk(cast.analyst), f"/tickets/{ticket.number}")
    assert "Возврат" in page
    assert "/messages" not in page and "/changes" not in page


@pytest.mark.parametrize("who", ["anna", "admin", "vera"])
def test_queries_do_not_grow(
    who: str, cast: Cast, desk: Desk, django_assert_max_num_queries: object
) -> None:
    agent = getattr(cast, who)
    client = desk(agent)
    ticket = cast.receive(files={"a.txt": "x"})
    spent = []
    for _round in range(2):
        for address in ("/views/open", f"/tickets/{ticket.number}"):
            forget_counts(agent)
            with django_assert_max_num_queries(12) as queries:  # type: ignore[operator]
                text(client, address)
            spent.append(len(queries))
        for n in range(2):
            cast.receive(subject=f"Ещё {n}", author=f"{n}@example.ru")
            with clock.at(clock.now() + timedelta(minutes=n)):
                send_reply(Ticket.objects.get(pk=ticket.pk), "Ответ", actor=cast.bob)
                write_note(ticket, "Заметка", actor=cast.bob)
    assert spent[:2] == spent[2:]


def test_who_hands_a_ticket_away_is_not_led_to_a_wall(cast: Cast, desk: Desk) -> None:
    ticket, client = cast.receive(), desk(cast.anna)
    form = {"team": cast.workshop.pk}
    response = client.post(f"/tickets/{ticket.number}/changes", form, follow=True)
    assert response.status_code == 200
    ticket.refresh_from_db()
    assert ticket.team == cast.workshop
