"""The one clock. Actions ask it for the time; imports and the demonstration may set it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_set: ContextVar[datetime | None] = ContextVar("clock", default=None)


def now() -> datetime:
    """The present instant in UTC."""
    return _set.get() or datetime.now(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Within this block it is `moment`: for telling history as it happened."""
    token = _set.set(moment)
    try:
        yield
    finally:
        _set.reset(token)
