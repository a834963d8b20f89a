"""When things happen: written as «9 days ago at 18:52», placed on the calendar of any day."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta

from babel.dates import format_date

from zabota.demo.content import Company, Story, Turn

Shift = Callable[[Turn, datetime, datetime | None], datetime]

UNITS = {"d": "days", "h": "hours", "m": "minutes"}
MINUTE = timedelta(minutes=1)
LAST = timedelta(seconds=30)  # nothing is younger than this
RUSSIAN_ON = (
    "в понедельник",
    "во вторник",
    "в среду",
    "в четверг",
    "в пятницу",
    "в субботу",
    "в воскресенье",
)


def duration(words: str) -> timedelta:
    """`"2d 4h 15m"`. Raises `ValueError`.

    >>> duration("1h 5m")
    datetime.timedelta(seconds=3900)
    """
    parts = [re.fullmatch(r"(\d+)([dhm])", word) for word in words.split()]
    if not parts or None in parts:
        raise ValueError(f"not a duration: {words!r}")
    found = [part.groups() for part in parts if part]
    return timedelta(**{UNITS[unit]: int(number) for number, unit in found})


def clock_time(words: str) -> time:
    """`"9:05"`. Raises `ValueError`."""
    hour, _, minute = words.partition(":")
    return time(int(hour), int(minute))


def place(story: Story, company: Company, now: datetime) -> list[datetime]:
    """The moment of every turn, in order and before `now`; `now` carries the desk's time zone.

    Agents answer in working hours if the story's time allows it, else (the demonstration begins
    at night) as it is written, else everything moves together.
    """
    opens, closes = (clock_time(words) for words in company.hours)
    working = _walk(story, now, lambda turn, m, before: _at_work(turn, m, before, opens, closes))
    if _fits(working, now):
        return working
    return _squeeze(_walk(story, now, lambda turn, m, before: m), now)


def _walk(story: Story, now: datetime, shift: Shift) -> list[datetime]:
    moments: list[datetime] = []
    for turn in story.turns:
        before = moments[-1] if moments else None
        moments.append(shift(turn, _written(turn, before, now), before))
    return moments


def _written(turn: Turn, before: datetime | None, now: datetime) -> datetime:
    """The turn's moment as the story says it."""
    if turn.ago or before is None:
        moment = now - duration(turn.ago)
    else:
        moment = before + duration(turn.after)
    if not turn.at:
        return moment
    at = clock_time(turn.at)
    return moment.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)


def _at_work(
    turn: Turn, moment: datetime, before: datetime | None, opens: time, closes: time
) -> datetime:
    """An agent's turn outside the hours: next morning, or, counted from now, the evening before."""
    if turn.is_customers or opens <= moment.time() < closes:
        return moment
    minute = moment.minute // 3 + 2
    if turn.ago and before:
        evening = moment if moment.time() >= closes else moment - timedelta(days=1)
        shifted = evening.replace(hour=closes.hour - 1, minute=59 - minute)
        return max(shifted, before + 4 * MINUTE)
    morning = moment if moment.time() < opens else moment + timedelta(days=1)
    return morning.replace(hour=opens.hour, minute=minute)


def _fits(moments: Sequence[datetime], now: datetime) -> bool:
    later = zip(moments, [*moments[1:], now - LAST], strict=True)
    return all(one < other for one, other in later)


def _squeeze(moments: list[datetime], now: datetime) -> list[datetime]:
    """Each after the one before, and all of them before now, keeping their proportions."""
    for i in range(1, len(moments)):
        moments[i] = max(moments[i], moments[i - 1] + MINUTE)
    first, length, room = moments[0], moments[-1] - moments[0], now - MINUTE - moments[0]
    if length <= room:
        return moments
    return [first + (moment - first) * (room / length) for moment in moments]


def day(moment: datetime, language: str) -> str:
    """«9 ноября», "9 November"."""
    return format_date(moment, "d MMMM", locale=language)


def on_day(moment: datetime, language: str) -> str:
    """«в четверг», "on Thursday"."""
    if language == "ru":
        return RUSSIAN_ON[moment.weekday()]
    return f"on {format_date(moment, 'EEEE', locale=language)}"
