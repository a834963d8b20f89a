"""Small questions to the database, and telling one that is away from one that objects."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from django.db import Error, InterfaceError, OperationalError, connection

DEADLOCK = "40P01"  # SQLSTATE: PostgreSQL, appendix A
# Classes of those that pass by themselves: connection, roll-back by a deadlock, lack of resources
# (a full disk), a lock not to be had, an administrator's stop.
_PASSING = ("08", "40", "53", "55", "57P", "58")
Result = TypeVar("Result")


def is_true(question: str, values: Sequence[datetime] = ()) -> bool:
    """What a `SELECT EXISTS (…)` says: far cheaper than a transaction that finds nothing to do."""
    with connection.cursor() as cursor:
        cursor.execute(question, list(values))
        row: tuple[bool] = cursor.fetchone()
    return row[0]


def unless_deadlocked(work: Callable[[], Result], tries: int = 5) -> Result:
    """Do `work`, a transaction of its own, again if PostgreSQL undid it to end a deadlock.

    Raises what `work` raises, and the deadlock if it happens time after time.
    """
    for _ in range(tries - 1):
        try:
            return work()
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") != DEADLOCK:
                raise
    return work()


def is_away(error: BaseException) -> bool:
    """Whether the same work can succeed later, so that nobody's data is to blame.

    `OperationalError` alone does not say so: a text too long for an index is one too.
    """
    if isinstance(error, InterfaceError):
        return True
    state = getattr(error.__cause__, "sqlstate", None) or ""
    return isinstance(error, OperationalError) and (not state or state.startswith(_PASSING))


def was_undone(error: BaseException) -> bool:
    """Whether the transaction this error ended is certainly rolled back.

    If the connection broke off nobody can say: it may have been committed a moment before.
    """
    if not isinstance(error, Error):
        return True
    said = getattr(error.__cause__, "diag", None)
    return said is not None and said.severity_nonlocalized == "ERROR"
