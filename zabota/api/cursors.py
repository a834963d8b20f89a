"""Cursors: where a page of a list ended, as one opaque word. Permission is never in them."""

import base64
from datetime import UTC, datetime, timedelta

from zabota.api.problems import wrong_parameter

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LARGEST = 2**53


def write_cursor(*parts: datetime | int) -> str:
    """Times and ids as a cursor."""
    numbers = [(p - BEGINNING) // MICROSECOND if isinstance(p, datetime) else p for p in parts]
    text = ".".join(map(str, numbers))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str, count: int) -> list[int]:
    """The `count` numbers in a cursor. Raises `Refused`."""
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        numbers = [int(part) for part in data.decode("ascii").split(".")]
    except ValueError:
        numbers = []
    if len(numbers) != count or not all(0 <= n < LARGEST for n in numbers):
        raise wrong_parameter("cursor", "This is not a cursor of this list")
    return numbers


def as_time(number: int) -> datetime:
    """The time that stands as a number in a cursor."""
    return BEGINNING + number * MICROSECOND
