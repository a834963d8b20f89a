"""Spam and the bin: hidden from everybody, brought back, gone after 30 days and never again."""

from datetime import timedelta
from typing import Any

import pytest

from tests.cast import Cast, events_of, settle
from zabota.core import clock
from zabota.files.actions import open_blob
from zabota.files.models import Blob
from zabota.intake.aside import let_in
from zabota.intake.blocking import block, unblock
from zabota.intake.models import Block, Delivery, Inbound, InboundRaw
from zabota.staff.models import Agent
from zabota.tickets.actions import as_actor
from zabota.tickets.bin import (
    KEPT,
    bin_visible_to,
    bring_back,
    delete_tickets,
    mark_spam,
    purge_bin,
)
from zabota.tickets.models import Message, Ticket
from zabota.tickets.queries import messages_visible_to, tickets_visible_to
from zabota.tickets.writing import send_reply

State = Inbound.State


def seen(agent: Agent) -> int:
    return tickets_visible_to(agent).count() + messages_visible_to(agent).count()


def test_spam_is_seen_by_nobody_and_undone(cast: Cast) -> None:
    ticket = cast.receive()
    assert mark_spam([ticket.number], actor=cast.anna) == [ticket]
    assert seen(cast.admin) == seen(cast.anna) == 0
    assert list(bin_visible_to(cast.anna, spam=True)) == [ticket]
    assert not bin_visible_to(cast.vera, spam=False).exists()
    bring_back([ticket.number], actor=cast.bob)
    settle()
    assert events_of(ticket)[-2:] == ["ticket.spam", "ticket.not_spam"]
    ticket.refresh_from_db()
    assert (ticket.is_spam, ticket.deleted_at) == (False, None)


def test_deleting_is_a_matter_of_role(cast: Cast) -> None:
    ticket = cast.receive()
    assert delete_tickets([ticket.number], actor=cast.anna) == []
    assert delete_tickets([ticket.number], actor=cast.vera) == [ticket]
    assert seen(cast.admin) == 0
    assert not bin_visible_to(cast.anna, spam=False).exists()
    assert bring_back([ticket.number], actor=cast.anna) == []
    assert bring_back([ticket.number], actor=cast.vera) == [ticket]
    assert events_of(ticket)[-2:] == ["ticket.deleted", "ticket.restored"]


def test_other_teams_spam_is_theirs(cast: Cast) -> None:
    ticket = cast.receive()
    assert mark_spam([ticket.number], actor=cast.charlie) == []
    assert mark_spam([ticket.number], actor=cast.analyst) == []
    mark_spam([ticket.number], actor=cast.anna)
    assert bring_back([ticket.number], actor=cast.charlie) == []


def test_what_spammers_add_stays_spam(cast: Cast) -> None:
    ticket = cast.receive(external_id="first@spam.example")
    mark_spam([ticket.number], actor=cast.anna)
    again = cast.receive(text="Ну же", references=["first@spam.example"])
    assert again == ticket and seen(cast.admin) == 0
    assert ticket.messages.count() == 2
    assert Ticket.objects.get().is_spam


def test_an_answer_to_a_deleted_one_opens_a_follow_up(cast: Cast) -> None:
    ticket = cast.receive(external_id="first@example.ru")
    delete_tickets([ticket.number], actor=cast.vera)
    again = cast.receive(text="Алло?", references=["first@example.ru"])
    assert again.follows == ticket and again.deleted_at is None


@pytest.mark.django_db(transaction=True)
def test_after_thirty_days_words_and_files_are_gone_and_do_not_come_back(
    cast: Cast,
) -> None:
    letter: dict[str, Any] = {"external_id": "a@x.example", "files": {"a.txt": "shared"}}
    ticket = cast.receive(**letter)
    cast.receive(external_id="b@x.example", files={"b.txt": "shared"})
    cast.receive(external_id="c@x.example", files={"c.txt": "alone"})
    send_reply(ticket, "Ответ", actor=cast.anna)
    delete_tickets([ticket.number, ticket.number + 2], actor=cast.vera)
    blob = Blob.objects.get(refs=2)
    assert purge_bin(clock.now() - KEPT) == 0
    Ticket.objects.exclude(deleted_at=None).update(deleted_at=clock.now() - timedelta(days=31))
    assert purge_bin(clock.now() - KEPT) == 2
    assert Ticket.objects.count() == Message.objects.count() == 1
    assert not Delivery.objects.filter(stream_id=ticket.pk).exists()
    left = Blob.objects.get()
    assert (left.pk, left.refs) == (blob.pk, 1)
    open_blob(left).close()
    assert InboundRaw.objects.count() == 1
    assert cast.accept(**letter) == 0
    assert events_of(ticket)[-1] == "ticket.purged"


def test_blocked_senders_are_suspended_and_can_be_let_in(cast: Cast) -> None:
    row = block("@Spam.example", channel="letterbox", actor=cast.vera)
    for address in ("a@spam.example", "b@mail.spam.example"):
        pk = cast.accept(author=address)
        settle()
        entry = Inbound.objects.get(pk=pk)
        assert (entry.state, entry.reason) == (State.SUSPENDED, "blocked: spam.example")
    cast.receive(author="c@notspam.example")
    let_in([pk], actor=as_actor(cast.vera))
    settle()
    assert Ticket.objects.filter(messages__inbound_id=pk).exists()
    unblock(row, actor=cast.vera)
    cast.receive(author="a@spam.example")
    assert not Block.objects.exists()
