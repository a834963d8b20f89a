"""Times, numbers and sizes as people say them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone, translation

from zabota.core import clock
from zabota.workspace import words
from zabota.workspace.marks import attributes, written

NOW = datetime(2026, 11, 24, 12, 27, tzinfo=UTC)
N = "\u00a0"


@pytest.fixture(autouse=True)
def _on_a_tuesday_in_moscow() -> object:
    with clock.at(NOW), timezone.override("Europe/Moscow"), translation.override("ru"):
        yield


@pytest.mark.parametrize(
    ("before", "ru", "en"),
    [
        (timedelta(seconds=5), "сейчас", "now"),
        (timedelta(minutes=18), f"18{N}мин", f"18{N}min"),
        (timedelta(hours=2), "13:27", "13:27"),
        (timedelta(hours=20), "вчера", "yesterday"),
        (timedelta(days=4), f"20{N}ноя", f"20{N}Nov"),
        (timedelta(days=400), f"20{N}окт{N}2025", f"20{N}Oct{N}2025"),
    ],
)
def test_ago(before: timedelta, ru: str, en: str) -> None:
    assert words.times().ago(NOW - before) == ru
    with translation.override("en"):
        assert words.times().ago(NOW - before) == en


def test_days_and_moments() -> None:
    times = words.times()
    assert times.day_mark(NOW) == f"Сегодня, 24{N}ноября"
    assert times.day_mark(date(2026, 11, 20)) == f"Пятница, 20{N}ноября"
    assert times.moment(NOW - timedelta(days=1)) == "вчера, 15:27"
    assert times.moment(NOW + timedelta(days=1)) == "завтра, 15:27"
    assert times.exact(NOW) == f"вторник, 24{N}ноября 2026, 15:27 MSK"


def test_a_day_is_the_one_it_was_here() -> None:
    assert words.times().day(datetime(2026, 11, 20, 22, tzinfo=UTC)) == f"21{N}ноября"


def test_a_time_tag_knows_the_exact_time() -> None:
    tag = words.time_tag(NOW - timedelta(minutes=18))
    assert 'datetime="2026-11-24T15:09:00+03:00"' in tag
    assert "data-ago" in tag and tag.endswith(f">18{N}мин</time>")


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 Б"), (999, "999 Б"), (1000, "1 КБ"), (1500, "1,5 КБ"), (412_000, "412 КБ")],
)
def test_sizes(count: int, said: str) -> None:
    assert words.size(count) == said.replace(" ", N)


def test_numbers() -> None:
    assert words.number(24900) == f"24{N}900"


@pytest.mark.parametrize(
    ("n", "said"),
    [(1, "строка"), (3, "строки"), (5, "строк"), (11, "строк"), (21, "строка"), (1111, "строк")],
)
def test_russian_has_three_plurals(n: int, said: str) -> None:
    told = words.say_many("Quote, %(num)d line", "Quote, %(num)d lines", n)
    assert told == f"Цитата, {n}{N}{said}"


def test_what_is_put_into_a_sentence_is_escaped() -> None:
    said = words.say("Status: %(status)s", status="<b>")
    assert said == "Статус: &lt;b&gt;"


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Дана Ковалёва", "ДК"),
        ("«Север» ООО", "СО"),
        ("dana@example.ru", "DE"),
        ("", "?"),
        ("((", "?"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert words.initials(name) == letters


def test_paragraphs_and_attributes() -> None:
    assert (
        written("a\nb\n\n\n<c>")
        == '<p class="as-written">a\nb</p><p class="as-written">&lt;c&gt;</p>'
    )
    assert attributes({"data_key": 'a"b', "hidden": True, "off": False, "none": None}) == (
        ' data-key="a&#34;b" hidden'
    )


def test_found_words_are_marked() -> None:
    assert words.marked("где \x02деньги\x03?") == [(False, "где "), (True, "деньги"), (False, "?")]
