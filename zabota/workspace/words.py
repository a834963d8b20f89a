"""How times, sizes and numbers are said on the screen, in the language of who is looking.

A list of 50 rows says 50 times, so names and words are looked up once for a language and a zone.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import get_day_names, get_month_names
from babel.numbers import format_decimal
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from markupsafe import Markup

from zabota.core import clock

NBSP = "\u00a0"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@lru_cache
def _locale(language: str) -> Locale:
    """English is British."""
    return Locale.parse("en_GB" if language == "en" else language.replace("-", "_"))


@dataclass(frozen=True, slots=True)
class Times:
    """Says times in one language and one zone. Get one from `times()`."""

    language: str
    zone: tzinfo
    months: dict[int, str]
    days: dict[int, str]
    near: dict[int, str]
    just_now: str
    minutes: str

    def clock(self, at: datetime) -> str:
        """9:05."""
        return _clock(at.astimezone(self.zone))

    def day(self, at: datetime | date) -> str:
        """23 ноября; with the year when it is another one."""
        on = self._date(at)
        said = f"{on.day}{NBSP}{self.months[on.month]}"
        return said if on.year == self._today().year else f"{said}{NBSP}{on.year}"

    def short_day(self, on: date) -> str:
        """23 ноя; CLDR's own abbreviations carry dots and do not fit."""
        said = f"{on.day}{NBSP}{self.months[on.month][:3]}"
        return said if on.year == self._today().year else f"{said}{NBSP}{on.year}"

    def day_mark(self, at: datetime | date) -> str:
        """The line between two days of a conversation: Сегодня, 24 ноября."""
        on = self._date(at)
        near = self.near.get((on - self._today()).days) or self.days[on.weekday()]
        return f"{near[:1].upper()}{near[1:]}, {self.day(on)}"

    def moment(self, at: datetime) -> str:
        """вчера, 18:52 or 23 ноября, 18:52."""
        local = at.astimezone(self.zone)
        near = self.near.get((local.date() - self._today()).days)
        return f"{near or self.day(local.date())}, {_clock(local)}"

    def short(self, at: datetime) -> str:
        """сегодня, вчера, 10 ноя: for the narrow column beside a thing."""
        on = at.astimezone(self.zone).date()
        return self.near.get((on - self._today()).days) or self.short_day(on)

    def ago(self, at: datetime) -> str:
        """How a list says when: сейчас, 18 мин, 13:45, вчера, 23 ноя."""
        since = clock.now() - at
        if since < HOUR:
            return self.just_now if since < MINUTE else self.minutes % {"n": since // MINUTE}
        local = at.astimezone(self.zone)
        return _clock(local) if local.date() == self._today() else self.short(at)

    def exact(self, at: datetime) -> str:
        """The whole of it, with the zone: for a title."""
        local = at.astimezone(self.zone)
        day = f"{local.day}{NBSP}{self.months[local.month]} {local.year}"
        return f"{self.days[local.weekday()]}, {day}, {_clock(local)} {local.tzname()}"

    def tag(self, at: datetime, how: str = "ago", css: str = "") -> Markup:
        """A `<time>` with human words and the exact time behind them; `how` names a method.

        `data-ago` lets a page grow old gracefully: the browser says it anew every minute.
        """
        attributes = f' class="{css}"' if css else ""
        attributes += " data-ago" if how == "ago" else ""
        local = at.astimezone(self.zone).isoformat(timespec="seconds")
        said = getattr(self, how)(at)
        return Markup(  # noqa: S704  numbers and words of ours
            f'<time datetime="{local}" title="{self.exact(at)}"{attributes}>{said}</time>'
        )

    def _date(self, at: datetime | date) -> date:
        return at.astimezone(self.zone).date() if isinstance(at, datetime) else at

    def _today(self) -> date:
        return clock.now().astimezone(self.zone).date()


def _clock(local: datetime) -> str:
    return f"{local.hour}:{local.minute:02d}"


@lru_cache(maxsize=64)
def _times(language: str, zone: tzinfo) -> Times:
    here = _locale(language)
    return Times(
        language=language,
        zone=zone,
        months=dict(get_month_names("wide", locale=here).items()),
        days=dict(get_day_names("wide", locale=here).items()),
        near={-1: _("yesterday"), 0: _("today"), 1: _("tomorrow")},
        just_now=_("now"),
        minutes=_("%(n)s min").replace(" ", NBSP),
    )


_speaking: ContextVar[Times | None] = ContextVar("speaking", default=None)


def times() -> Times:
    """Who says times in the current language and zone."""
    given = _speaking.get()
    if given is not None:
        return given
    return _times(translation.get_language() or "en", timezone.get_current_timezone())


@contextmanager
def speaking() -> Iterator[None]:
    """While a page is drawn its language stands still: asked once, not at each of its words."""
    token = _speaking.set(times())
    try:
        yield
    finally:
        _speaking.reset(token)


@lru_cache(maxsize=8192)
def _said(language: str, message: str, context: str, plural: str, n: int) -> Markup:
    """A message of ours in a language; ours, so it may hold markup. Looked up once."""
    with translation.override(language):
        if plural:
            return Markup(translation.ngettext(message, plural, n))  # noqa: S704
        text = translation.pgettext(context, message) if context else translation.gettext(message)
        return Markup(text)  # noqa: S704


def say(message: str, /, **values: Any) -> Markup:
    """`_()` of the templates: what is put in is escaped."""
    said = _said(times().language, message, "", "", 0)
    return said % values if values else said


def say_in(context: str, message: str, /, **values: Any) -> Markup:
    """`pgettext()` of the templates."""
    said = _said(times().language, message, context, "", 0)
    return said % values if values else said


def say_many(one: str, many: str, n: int, /, **values: Any) -> Markup:
    """`ngettext()` of the templates; `%(num)s` is the number."""
    # Plural forms of the languages we speak repeat after a hundred.
    form = n if n < 100 else 100 + n % 100
    return _said(times().language, one, "", many, form) % {"num": n, **values}


def time_tag(at: datetime, how: str = "ago", css: str = "") -> Markup:
    """`Times.tag` as a filter."""
    return times().tag(at, how, css)


def number(value: float) -> str:
    """1 408, with a space that does not break."""
    return _number(times().language, value)


@lru_cache(maxsize=1024)
def _number(language: str, value: float) -> str:
    return str(format_decimal(value, locale=_locale(language))).replace(" ", NBSP)


def size(count: int) -> str:
    """412 КБ."""
    power = min(len(f"{count:d}") - 1, 9) // 3
    unit = (_("B"), _("kB"), _("MB"), _("GB"))[power]
    amount = count / 1000**power
    return f"{number(round(amount, 1) if power and amount < 10 else round(amount))}{NBSP}{unit}"


@lru_cache(maxsize=2048)
def initials(name: str, letters: int = 2) -> str:
    """ДК for Дана Ковалёва, D for dana@example.com, ? for nobody."""
    words = [word.lstrip("«\"'(<„“№#") for word in name.replace("@", " ").split()]
    return "".join(word[0] for word in words if word)[:letters].upper() or "?"


def paragraphs(text: str) -> list[str]:
    """The pieces of a text that stand between empty lines."""
    return [piece for piece in re.split(r"\n[ \t]*\n\s*", text.strip()) if piece]


def language_name(code: str) -> str:
    """русский for ru."""
    return str(_locale(times().language).languages.get(code, code))


def marked(snippet: str) -> list[tuple[bool, str]]:
    """A found text in pieces, each with whether it is a found word (between \\x02 and \\x03)."""
    pieces = re.split(r"[\x02\x03]", snippet)
    return [(place % 2 == 1, piece) for place, piece in enumerate(pieces) if piece]
