"""`Idempotency-Key`: a POST sent twice happens once."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from psycopg import connect

from tests.api.conftest import Program, program
from tests.cast import Cast
from zabota.api import once
from zabota.api.models import Answer
from zabota.api.once import forget_answers
from zabota.core import clock
from zabota.tickets.models import Message, Ticket

NEW = {"subject": "Кофемашина", "text": "Течёт", "customer": {"email": "dana@example.ru"}}


def test_the_same_answer_and_one_effect(cast: Cast, anna: Program) -> None:
    first = anna.ask("POST", "/tickets", NEW, key="a b")
    again = anna.ask("POST", "/tickets", NEW, key="a b")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert Ticket.objects.count() == 1


def test_messages_too(cast: Cast, anna: Program) -> None:
    path = f"/tickets/{cast.receive().number}/messages"
    ids = {anna.post(path, {"text": "a"}, key="k")["id"] for _ in range(2)}
    assert len(ids) == 1
    assert Message.objects.filter(text="a").count() == 1


def test_without_a_key_everything_happens_again(cast: Cast, anna: Program) -> None:
    anna.post("/tickets", NEW)
    anna.post("/tickets", NEW)
    assert Ticket.objects.count() == 2
    assert not Answer.objects.exists()


def test_the_same_key_for_something_else(cast: Cast, anna: Program) -> None:
    number = anna.post("/tickets", NEW, key="k")["number"]
    anna.post("/tickets", {**NEW, "text": "Другое"}, 422, key="k")
    anna.post(f"/tickets/{number}/messages", NEW, 422, key="k")
    assert Ticket.objects.count() == 1


def test_keys_are_a_tokens_own(cast: Cast, anna: Program) -> None:
    anna.post("/tickets", NEW, key="k")
    program(cast.anna).post("/tickets", NEW, key="k")
    assert Ticket.objects.count() == 2


def test_refusals_are_not_kept(cast: Cast, anna: Program) -> None:
    anna.post("/tickets", {**NEW, "category": "none"}, 422, key="k")
    anna.post("/tickets", NEW, key="k")
    assert Ticket.objects.count() == 1


def test_answers_are_kept_for_a_day(cast: Cast, anna: Program) -> None:
    anna.post("/tickets", NEW, key="k")
    Answer.objects.update(created_at=clock.now() - timedelta(hours=24, seconds=1))
    response = anna.ask("POST", "/tickets", NEW, key="k")
    assert "Idempotent-Replayed" not in response
    assert Ticket.objects.count() == 2
    forget_answers()
    assert Answer.objects.count() == 1
    Answer.objects.update(created_at=clock.now() - timedelta(hours=24, seconds=1))
    forget_answers()
    assert not Answer.objects.exists()


@pytest.mark.parametrize("key", ["", "a\tb", "ключ", "a" * 256, "\x7f"])
def test_keys_that_cannot_be(cast: Cast, anna: Program, key: str) -> None:
    response = anna.ask("POST", "/tickets", NEW, key=key)
    assert response.status_code == 422
    assert response.data["errors"][0]["parameter"] == "Idempotency-Key"


@pytest.fixture
def somebody_else(db: None) -> Iterator[Any]:
    """Another connection to the same database, in a transaction."""
    settings = connection.settings_dict
    with connect(
        dbname=settings["NAME"], user=settings["USER"], host=settings["HOST"],
        password=settings["PASSWORD"], port=settings["PORT"] or None,
    ) as other:  # fmt: skip
        yield other


def test_while_the_first_is_answered_the_second_is_told(
    cast: Cast, anna: Program, somebody_else: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []

    def take_first(name: str) -> bool:
        """The other request was a moment quicker."""
        if not taken:
            taken.append(number_of(name))
            somebody_else.execute("SELECT pg_advisory_xact_lock(%s)", taken)
        return original(name)

    original = once._take
    number_of = once._number
    monkeypatch.setattr(once, "_take", take_first)
    response = anna.ask("POST", "/tickets", NEW, key="k")
    assert response.status_code == 409
    assert not Ticket.objects.exists()
    somebody_else.rollback()
    assert anna.ask("POST", "/tickets", NEW, key="k").status_code == 201


def test_the_body_is_read_as_it_was_sent(cast: Cast, anna: Program) -> None:
    anna.post("/tickets", NEW, key="k")
    spaced = json.dumps(NEW, indent=1).encode()
    assert anna.ask("POST", "/tickets", spaced, key="k").status_code == 422
