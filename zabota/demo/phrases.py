"""Words in a story that depend on the day it is told: `{day -7d}`, `{on +2d}`, `{ticket where}`."""

import re
from collections.abc import Callable
from datetime import datetime

from zabota.demo.moments import day, duration, on_day

NBSP = "\N{NO-BREAK SPACE}"
PLACE = re.compile(r"\{(day|on|ticket) ([^{}]+)\}")
# What belongs to one figure stays on one line: «24 900 ₽», «№ 4821», «15 %».
TOGETHER = re.compile(r"(?<=\d) (?=\d{3}(?!\d)|[₽%])|(?<=№) (?=\d)")


def fill(text: str, moment: datetime, language: str, number_of: Callable[[str], int]) -> str:
    """The text as it is said at `moment`: «9 ноября», «в четверг», the number of another ticket."""

    def words(found: re.Match[str]) -> str:
        kind, what = found.groups()
        if kind == "ticket":
            return str(number_of(what))
        then = moment + duration(what[1:]) * (-1 if what[0] == "-" else 1)
        return on_day(then, language) if kind == "on" else day(then, language).replace(" ", NBSP)

    return PLACE.sub(words, text)


def typeset(text: str) -> str:
    """The same text with non-breaking spaces: what we write is set with care."""
    return TOGETHER.sub(NBSP, text)
