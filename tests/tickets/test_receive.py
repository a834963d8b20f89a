"""A letter becomes a ticket, a reply finds its way, a bad one is set aside alone."""

import errno
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, permutations
from typing import Any

import pytest

from tests.cast import Cast, events_of, settle
from zabota.core import clock
from zabota.events.models import Event, EventTodo, ListenerBacklog
from zabota.files.models import Blob
from zabota.intake.actions import retry_inbound
from zabota.intake.models import Delivery, Inbound
from zabota.intake.protocol import InboundMessage
from zabota.tickets.actions import as_actor, set_status
from zabota.tickets.choices import AuthorKind, Outcome, Status
from zabota.tickets.models import Message, Ticket
from zabota.tickets.receive import MOST_TRIES, apply_carefully, apply_inbound
from zabota.tickets.threading import reply_token
from zabota.tickets.writing import send_reply

MOSCOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_letter_becomes_a_ticket_with_a_receipt(cast: Cast) -> None:
    ticket = cast.receive(subject="Не греет", text="Кофемашина не греет молоко")
    assert ticket.subject == "Не греет"
    assert ticket.status == Status.NEW
    assert ticket.customer.name == "Дана Ковалёва"
    assert ticket.team == cast.first_line
    assert ticket.language == "ru"
    assert ticket.last_words == "Кофемашина не греет молоко"
    assert events_of(ticket) == ["ticket.opened", "receipt.queued"]
    receipt = Delivery.objects.get()
    assert receipt.recipient == "dana@example.ru"
    assert str(ticket.number) in receipt.payload["subject"]
    assert "греет" not in receipt.payload["text"] + receipt.payload["subject"]
    assert not EventTodo.objects.exists()
    assert not ListenerBacklog.objects.exists()


def test_a_letter_is_taken_once_and_another_body_is_another_letter(cast: Cast) -> None:
    assert cast.accept(external_id="same@x", text="раз")
    assert not cast.accept(external_id="same@x", text="раз")
    assert cast.accept(external_id="same@x", text="два")
    settle()
    assert Message.objects.count() == 2


@pytest.mark.parametrize("distance", [0, 1])
def test_an_answer_finds_its_ticket_by_any_ancestor(cast: Cast, distance: int) -> None:
    ticket = cast.receive(external_id="first@x")
    reply = send_reply(ticket, "Проверяем", actor=cast.anna)
    chain = [reply.external_id, "first@x"]
    again = cast.receive(references=chain[distance:], text="И как?")
    assert again == ticket
    assert again.status == Status.OPEN
    assert events_of(ticket)[-1] == "message.received"


def test_an_answer_finds_its_ticket_by_signed_address(cast: Cast) -> None:
    ticket = cast.receive()
    token = reply_token(ticket.pk, ticket.identity_id)
    assert cast.receive(reply_tokens=[token], subject="другое") == ticket
    forged = token[:-1] + ("a" if token[-1] != "a" else "b")
    assert cast.receive(reply_tokens=[forged, "", "??"], subject="другое") != ticket


def test_a_number_in_the_subject_opens_nothing(cast: Cast) -> None:
    ticket = cast.receive()
    other = cast.receive(subject=f"Re: [№ {ticket.number}]", author="eve@evil.example")
    assert other != ticket


def test_a_stranger_cannot_guess_into_a_ticket_but_is_heard_if_given_our_id(cast: Cast) -> None:
    ticket = cast.receive(external_id="guessable@x", cc=["friend@example.ru"])
    assert cast.receive(author="eve@evil.example", references=["guessable@x"]) != ticket
    assert cast.receive(author="friend@example.ru", references=["guessable@x"]) == ticket
    reply = send_reply(ticket, "Ответ", actor=cast.anna)
    assert cast.receive(author="boss@example.ru", references=[reply.external_id]) == ticket
    third = Message.objects.get(author_address="boss@example.ru")
    assert third.author_kind == AuthorKind.THIRD
    ticket.refresh_from_db()
    assert ticket.identity.value == "dana@example.ru"


def test_an_answer_in_the_same_batch_waits_for_its_parent(cast: Cast) -> None:
    cast.accept(external_id="a@x")
    cast.accept(external_id="b@x", references=["a@x"])
    cast.accept(external_id="c@x", references=["b@x", "a@x"])
    settle()
    ticket = Ticket.objects.get()
    assert ticket.messages.count() == 3
    assert events_of(ticket)[:3] == ["ticket.opened", "message.received", "message.received"]


def test_solved_is_reopened_and_closed_is_followed_up(cast: Cast) -> None:
    ticket = cast.receive(external_id="a@x")
    set_status(ticket, Status.SOLVED, actor=cast.anna, outcome=Outcome.PARTLY)
    assert cast.receive(external_id="b@x", references=["a@x"]) == ticket
    ticket.refresh_from_db()
    assert (ticket.status, ticket.outcome, ticket.solved_at) == (Status.OPEN, None, None)
    assert events_of(ticket)[-2:] == ["message.received", "ticket.reopened"]
    set_status(ticket, Status.CLOSED, actor=cast.anna)
    follow_up = cast.receive(references=["a@x"])
    assert follow_up != ticket
    assert follow_up.follows == ticket


def test_answers_to_one_closed_ticket_are_one_follow_up(cast: Cast) -> None:
    ticket = cast.receive(external_id="a@x")
    Ticket.objects.update(status=Status.CLOSED)
    for number in range(2):  # in one batch
        cast.accept(external_id=f"b{number}@x", references=["a@x"])
    settle()
    follow_up = Ticket.objects.get(follows=ticket)
    assert cast.receive(external_id="c@x", references=["a@x"]) == follow_up
    assert follow_up.messages.count() == 3
    Ticket.objects.filter(pk=follow_up.pk).update(status=Status.CLOSED)
    assert cast.receive(external_id="d@x", references=["a@x"]) not in (ticket, follow_up)


def test_machines_get_no_receipt_and_reopen_nothing(cast: Cast) -> None:
    ticket = cast.receive(external_id="a@x")
    set_status(ticket, Status.SOLVED, actor=cast.anna)
    cast.receive(references=["a@x"], automatic=True)
    ticket.refresh_from_db()
    assert ticket.status == Status.SOLVED
    newsletter = cast.receive(author="news@example.org", automatic=True)
    assert events_of(newsletter) == ["ticket.opened"]


def test_receipts_once_an_hour_and_twice_a_day(cast: Cast) -> None:
    for hours, receipts in [(0, 1), (0, 1), (2, 2), (4, 2), (30, 3)]:
        with clock.at(MOSCOW + timedelta(hours=hours)):
            cast.receive()
        assert Delivery.objects.filter(is_automatic=True).count() == receipts


def test_our_own_mail_coming_back_opens_nothing(cast: Cast) -> None:
    ticket = cast.receive()
    reply = send_reply(ticket, "Ответ", actor=cast.anna)
    for letter in [
        {"external_id": reply.external_id, "author": cast.inbox.address},
        {"author": cast.inbox.address},
        {"author": None},
    ]:
        cast.accept(**letter)  # type: ignore[arg-type]
    settle()
    states = list(Inbound.objects.order_by("id").values_list("state", flat=True))
    assert states == [1, Inbound.State.DUPLICATE, *[Inbound.State.SUSPENDED] * 2]
    assert Ticket.objects.count() == 1


def test_a_bounce_marks_the_reply_it_bounces_and_opens_the_ticket(cast: Cast) -> None:
    ticket = cast.receive()
    reply = send_reply(ticket, "Ответ", actor=cast.anna)
    Delivery.objects.filter(message_id=reply.pk).update(state=Delivery.State.SENT)
    cast.receive(
        author="mailer-daemon@mx.example",
        text="550 no such user",
        references=[reply.external_id],
        bounce=True,
        automatic=True,
    )
    delivery = Delivery.objects.get(message_id=reply.pk)
    assert (delivery.state, delivery.error) == (Delivery.State.FAILED, "550 no such user")
    ticket.refresh_from_db()
    assert ticket.status == Status.OPEN
    assert events_of(ticket)[-2:] == ["reply.failed", "ticket.status"]
    pk = cast.accept(author="mailer-daemon@mx.example", bounce=True, references=["nothing@x"])
    settle()
    assert Inbound.objects.get(pk=pk).state == Inbound.State.SUSPENDED


def test_a_bad_one_is_quarantined_alone(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = cast.accept(refuse="not a letter")
    broken = cast.accept(subject="\x00")  # PostgreSQL takes no NUL
    good = cast.accept(text="целое")
    settle()
    states = dict(Inbound.objects.values_list("pk", "state"))
    assert states[refused] == states[broken] == Inbound.State.QUARANTINED
    assert states[good] == Inbound.State.APPLIED
    assert Inbound.objects.get(pk=refused).reason == "not a letter"
    kinds = Event.objects.filter(stream_kind="inbound").values_list("kind", flat=True)
    assert list(kinds) == ["inbound.set_aside"] * 2


def test_an_archive_keeps_its_dates_and_sends_nothing(cast: Cast) -> None:
    archive = Inbound.Origin.IMPORT
    cast.accept(external_id="a@x", sent_at="2024-03-01T10:00:00+03:00", origin=archive)
    cast.accept(
        external_id="b@x",
        author=cast.inbox.address,
        name="Анна",
        to=["dana@example.ru"],
        references=["a@x"],
        sent_at="2024-03-01T12:00:00+03:00",
        text="Уже едет",
        origin=archive,
    )
    settle()
    ticket = Ticket.objects.get()
    assert ticket.created_at == datetime(2024, 3, 1, 7, tzinfo=UTC)
    assert ticket.last_message_at == datetime(2024, 3, 1, 9, tzinfo=UTC)
    assert ticket.status == Status.PENDING
    assert ticket.customer.name == "Дана Ковалёва"
    assert not Delivery.objects.exists()
    first = Event.objects.order_by("seq").first()
    assert first is not None
    assert first.at == ticket.created_at


def test_files_are_kept_and_same_bytes_once(cast: Cast) -> None:
    ticket = cast.receive(files={"чек.txt": "24 900", "копия.txt": "24 900"})
    files = ticket.messages.get().attachments.order_by("pk")
    assert [f.filename for f in files] == ["чек.txt", "копия.txt"]
    assert files[0].blob == files[1].blob
    assert files[0].blob.refs == 2


def test_a_text_that_swells_in_an_index_is_taken(cast: Cast) -> None:
    """Whole, it would make a tsvector of over 1 MB, which PostgreSQL refuses."""
    letters = [chr(0x20000 + i) for i in range(40)]
    words = ("".join(word) for word in permutations(letters, 3))
    bad = cast.accept(text=" ".join(f"{a}-{b}" for a, b in islice(pairwise(words), 25_000)))
    good = cast.accept(text="А у меня всё просто")
    settle()
    states = dict(Inbound.objects.values_list("pk", "state"))
    assert states == {bad: Inbound.State.APPLIED, good: Inbound.State.APPLIED}


def test_a_full_disk_sets_nothing_aside(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(content: bytes) -> Blob:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("zabota.tickets.storing.store_blob", no_room)
        pk = cast.accept(files={"a.txt": "слова"})
        with pytest.raises(OSError, match="No space"):
            apply_inbound()
    settle()
    assert Inbound.objects.get(pk=pk).state == Inbound.State.APPLIED


def test_a_reason_in_any_characters_is_kept(cast: Cast) -> None:
    pk = cast.accept(refuse="not\0 a \ud800letter")
    settle()
    assert Inbound.objects.get(pk=pk).reason == "not a letter"


def test_a_letter_that_ends_the_worker_does_so_only_some_times(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = cast.post.parse

    def parse(raw: bytes, envelope: Mapping[str, Any]) -> InboundMessage:
        message = read(raw, envelope)
        if message.subject == "deadly":
            raise SystemExit  # as the kernel would do it: no `except Exception` helps
        return message

    bad, good = cast.accept(subject="deadly"), cast.accept()
    with monkeypatch.context() as deadly:
        deadly.setattr(cast.post, "parse", parse)
        for _ in range(MOST_TRIES):
            with pytest.raises(SystemExit):
                apply_carefully()
        apply_carefully()
    states = dict(Inbound.objects.values_list("pk", "state"))
    assert states == {bad: Inbound.State.QUARANTINED, good: Inbound.State.APPLIED}
    retry_inbound(Inbound.objects.get(pk=bad), actor=as_actor(cast.vera))
    apply_carefully()
    assert Inbound.objects.get(pk=bad).state == Inbound.State.APPLIED
