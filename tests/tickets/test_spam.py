"""The score: silent until taught, sure of what it knows, fair to who is known."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import Cast, events_of, settle
from zabota.company.preferences import set_preference
from zabota.intake.models import Delivery
from zabota.tickets.bin import bring_back, mark_spam
from zabota.tickets.judging import forget_idleness
from zabota.tickets.models import SpamLesson, SpamWord, Ticket
from zabota.tickets.spam import (
    ENOUGH,
    TOTAL,
    Clue,
    Count,
    clues_of,
    knows_enough,
    learn,
    score,
    words_of,
)
from zabota.tickets.writing import send_reply

CASINO = "Вы выиграли! Казино бонус 500% заберите приз http://casino.example/win деньги крипта"
WORDS = [
    "кофемашина",
    "течёт",
    "вода",
    "возврат",
    "доставка",
    "курьер",
    "заказ",
    "не",
    "греет",
    "молоко",
    "чек",
    "гарантия",
]


@pytest.fixture(autouse=True)
def _fresh() -> None:
    forget_idleness()


def teach(cast: Cast) -> None:
    """As much as is enough: casino is spam, coffee is not."""
    dice = random.Random(1)
    for n in range(ENOUGH):
        cast.accept(author=f"x{n}@win.example", subject="Приз", text=f"{CASINO} {n}")
        text = " ".join(dice.sample(WORDS, 6))
        cast.accept(author=f"k{n}@example.ru", subject="Заказ", text=text)
    settle()
    spam = Ticket.objects.filter(subject="Приз")
    mark_spam(spam.values_list("number", flat=True), actor=cast.vera)
    learn(Ticket.objects.filter(subject="Заказ"), is_spam=False)
    forget_idleness()


def test_nothing_is_scored_before_enough_is_known(cast: Cast) -> None:
    ticket = cast.receive(text=CASINO)
    assert ticket.spam_score is None and not ticket.is_spam


def test_taught_it_hides_spam_without_a_receipt_and_lets_people_through(cast: Cast) -> None:
    teach(cast)
    Delivery.objects.all().delete()
    spam = cast.receive(author="new@win.example", subject="Приз", text=CASINO)
    assert spam.is_spam and (spam.spam_score or 0) > 0.99
    assert events_of(spam) == ["ticket.opened", "ticket.spam"]
    assert not Delivery.objects.exists()
    good = cast.receive(author="new@example.ru", subject="Заказ", text="Течёт вода, нужен возврат")
    assert not good.is_spam and (good.spam_score or 0) < 0.5


def test_what_was_hidden_and_is_none_gets_its_receipt_and_is_learned(cast: Cast) -> None:
    teach(cast)
    Delivery.objects.all().delete()
    spam = cast.receive(author="new@win.example", subject="Приз", text=CASINO)
    bring_back([spam.number], actor=cast.anna)
    settle()
    assert events_of(spam)[-1] == "receipt.queued"
    assert SpamLesson.objects.get(ticket=spam).is_spam is False


def test_known_customers_and_replies_are_never_hidden(cast: Cast) -> None:
    known = cast.receive(author="dana@win.example")
    reply = send_reply(known, "Ответ", actor=cast.anna)
    teach(cast)
    again = cast.receive(author="dana@win.example", subject="Приз", text=CASINO)
    assert again != known and not again.is_spam
    to_us = cast.receive(author="x@win.example", text=CASINO, references=[reply.external_id])
    assert to_us == known and not to_us.is_spam


def test_in_between_it_is_only_marked(cast: Cast) -> None:
    teach(cast)
    set_preference("spam_above", 2)
    ticket = cast.receive(author="new@win.example", subject="Приз", text=CASINO)
    assert not ticket.is_spam and (ticket.spam_score or 0) > 0.9


def test_what_is_answered_is_learned_as_good(cast: Cast) -> None:
    ticket = cast.receive()
    send_reply(ticket, "Ответ", actor=cast.anna)
    settle()
    assert SpamLesson.objects.get().is_spam is False
    assert SpamWord.objects.get(word=TOTAL).ham == 1


def test_a_lesson_is_unlearned_when_it_was_wrong(cast: Cast) -> None:
    ticket = cast.receive(text="казино бонус")
    mark_spam([ticket.number], actor=cast.anna)
    assert SpamWord.objects.get(word="казино").spam == 1
    bring_back([ticket.number], actor=cast.anna)
    row = SpamWord.objects.get(word="казино")
    assert (row.spam, row.ham) == (0, 1)
    mark_spam([ticket.number], actor=cast.anna)
    mark_spam([ticket.number], actor=cast.anna)
    total = SpamWord.objects.get(word=TOTAL)
    assert (total.spam, total.ham) == (1, 0)


@pytest.mark.parametrize(
    ("text", "details", "word"),
    [
        ("Зaбирaй", {}, "rule:scripts"),  # with Latin a
        ("https://e.example/ " * 6, {}, "rule:links"),
        ("x", {"authentication": {"dmarc": "fail"}}, "rule:unproven"),
        ("http://WIN.example/a?b", {}, "to:win.example"),
    ],
)
def test_what_speaks_against_a_mail_besides_its_words(
    text: str, details: dict[str, Any], word: str
) -> None:
    assert word in words_of("s", text, "a@b.example", details)


@given(st.lists(st.floats(0, 1), max_size=80))
def test_the_score_is_a_chance(chances: list[float]) -> None:
    clues = [Clue(str(n), chance) for n, chance in enumerate(chances)]
    assert 0 <= score(clues) <= 1
    turned = [Clue(c.word, 1 - c.chance) for c in clues]
    assert score(turned) == pytest.approx(1 - score(clues), abs=1e-6)


def test_a_word_of_one_kind_only_is_not_certain() -> None:
    counts = {TOTAL: Count(20, 20), "once": Count(1, 0), "often": Count(15, 0)}
    often, once = clues_of(["once", "often"], counts)
    assert (often.word, once.word) == ("often", "once") and once.chance < often.chance < 1
    assert knows_enough(counts) and not knows_enough({TOTAL: Count(100, 19)})
