"""Calendar parts as cards: what, when, where, who (RFC 5545, RFC 5546)."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from zabota.core.text import clean_line
from zabota.intake.details import Invitation
from zabota.intake.protocol import InboundFile

from .charsets import decode_text
from .limits import Reading

MOST_BYTES = 512 * 1024
MOST_EVENTS = 5
MOST_PEOPLE = 20
METHODS = {"request", "cancel", "reply", "publish", "counter", "declinecounter", "refresh", "add"}
_KINDS = ("text/calendar", "application/ics", "text/x-vcalendar")


def is_calendar(file: InboundFile) -> bool:
    """Whether it claims to be one."""
    return file.content_type in _KINDS or file.filename.lower().endswith(".ics")


def read_invitations(files: Iterable[InboundFile], reading: Reading) -> tuple[Invitation, ...]:
    """The appointments in these files, each once; what cannot be read stays a file."""
    found: list[Invitation] = []
    for file in files:
        if is_calendar(file) and len(file.content) <= MOST_BYTES:
            try:
                found.extend(_in_calendar(decode_text(file.content, "utf-8", Reading())))
            except MemoryError:
                raise
            except Exception:  # the library says what is broken in many ways
                reading.warn("a calendar part could not be read")
    return tuple(dict.fromkeys(found))[:MOST_EVENTS]


def _in_calendar(text: str) -> Iterator[Invitation]:
    from icalendar import Calendar  # type: ignore[import-untyped]

    for calendar in Calendar.from_ical(text, multiple=True)[:MOST_EVENTS]:
        method = str(calendar.get("METHOD", "")).strip().lower()
        events = [one for one in calendar.subcomponents if one.name in ("VEVENT", "VTODO")]
        for event in events[:MOST_EVENTS]:
            yield _invitation(event, method if method in METHODS else "")


def _invitation(event: Any, method: str) -> Invitation:
    starts, ends = _times(event)
    people = [one for one in _listed(event.get("ATTENDEE")) if one]
    answers = [str(one.params.get("PARTSTAT", "")) for one in people if hasattr(one, "params")]
    is_cancelled = str(event.get("STATUS", "")).upper() == "CANCELLED"
    return Invitation(
        method="cancel" if is_cancelled else method,
        summary=clean_line(str(event.get("SUMMARY", "")), 300),
        starts=starts,
        ends=ends,
        place=clean_line(str(event.get("LOCATION", "")), 300),
        organizer=_person(event.get("ORGANIZER")),
        people=tuple(dict.fromkeys(map(_person, people[:MOST_PEOPLE]))),
        answer=clean_line(answers[0], 20).lower() if answers and method == "reply" else "",
        repeats="RRULE" in event or "RDATE" in event,
    )


def _times(event: Any) -> tuple[str, str]:
    starts = _moment(event, "DTSTART") or _moment(event, "DUE")
    ends = _moment(event, "DTEND")
    length = getattr(event.get("DURATION"), "dt", None)
    if starts and ends is None and isinstance(length, timedelta):
        ends = starts + length
    if starts is None:
        return "", ""
    if not isinstance(starts, datetime):  # whole days; the end of those is the day after
        last = ends - timedelta(days=1) if ends and ends > starts else starts
        return starts.isoformat(), last.isoformat()
    return _said(starts), _said(ends) if isinstance(ends, datetime) else ""


def _moment(event: Any, name: str) -> date | None:
    at = getattr(event.get(name), "dt", None)
    return at if isinstance(at, date) else None


def _said(at: datetime) -> str:
    return at.isoformat(timespec="minutes")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _person(value: Any) -> str:
    if not value:
        return ""
    address = clean_line(str(value), 320)
    address = address[len("mailto:") :] if address.lower().startswith("mailto:") else address
    name = clean_line(str(getattr(value, "params", {}).get("CN", "")), 160).strip("\"' ")
    return f"{name} <{address}>" if name and name.lower() != address.lower() else address
