"""Times told from now."""

from datetime import UTC, datetime, time, timedelta

import pytest

from zabota.demo.content import Story, Turn, read_company
from zabota.demo.moments import clock_time, day, duration, on_day, place

NOW = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)  # a Tuesday


def story(*turns: Turn) -> Story:
    return Story(
        slug="x", about="", customer="dana", subject="", language="ru", ends="open", turns=turns
    )


def test_a_duration_adds_its_parts() -> None:
    assert duration("2d 4h 15m") == timedelta(days=2, hours=4, minutes=15)


@pytest.mark.parametrize("words", ["", "2", "two days", "3w", "-1h"])
def test_anything_else_is_no_duration(words: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        duration(words)


def test_a_clock_time() -> None:
    assert clock_time("9:05") == time(9, 5)


def test_days_and_weekdays_in_both_languages() -> None:
    assert (day(NOW, "ru"), day(NOW, "en")) == ("24 ноября", "24 November")
    assert (on_day(NOW, "ru"), on_day(NOW, "en")) == ("во вторник", "on Tuesday")


def test_turns_follow_one_another() -> None:
    told = story(
        Turn(by="customer", ago="2d", at="18:52"),
        Turn(by="anna", after="1d", at="9:24"),
        Turn(by="customer", after="2h 10m"),
        Turn(by="customer", ago="25m"),
    )
    assert [f"{m:%d %H:%M}" for m in place(told, read_company(), NOW)] == [
        "22 18:52",
        "23 09:24",
        "23 11:34",
        "24 14:05",
    ]


def test_nobody_answers_at_night() -> None:
    told = story(Turn(by="customer", ago="3d", at="23:10"), Turn(by="anna", after="20m"))
    assert f"{place(told, read_company(), NOW)[1]:%d %H}" == "22 09"


def test_what_was_done_hours_ago_was_done_the_evening_before() -> None:
    early = NOW.replace(hour=8)
    told = story(Turn(by="customer", ago="1d", at="10:00"), Turn(by="igor", ago="3h"))
    assert f"{place(told, read_company(), early)[1]:%d %H}" == "23 20"


def test_at_night_they_answer_after_all_rather_than_in_the_future() -> None:
    night = NOW.replace(hour=3)
    told = story(Turn(by="customer", ago="3h"), Turn(by="anna", after="20m"))
    assert place(told, read_company(), night)[1] == night - timedelta(hours=2, minutes=40)


def test_a_story_too_long_for_its_time_is_drawn_together() -> None:
    told = story(
        Turn(by="customer", ago="1h"), Turn(by="anna", after="4h"), Turn(by="anna", after="2h")
    )
    first, second, third = place(told, read_company(), NOW)
    assert first < second < third < NOW
    assert (second - first) == 2 * (third - second)
