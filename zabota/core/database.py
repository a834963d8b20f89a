"""Telling a database that is away from one that does not like what it was given."""

from django.db import InterfaceError, OperationalError

# Classes of SQLSTATE (PostgreSQL, appendix A) that pass by themselves: connection, roll-back by a
# deadlock, lack of resources (a full disk), a lock not to be had, an administrator's stop.
_PASSING = ("08", "40", "53", "55", "57P", "58")


def is_away(error: BaseException) -> bool:
    """Whether the same work can succeed later, so that nobody's data is to blame.

    `OperationalError` alone does not say so: a text too long for an index is one too.
    """
    if isinstance(error, InterfaceError):
        return True
    state = getattr(error.__cause__, "sqlstate", None) or ""
    return isinstance(error, OperationalError) and (not state or state.startswith(_PASSING))
