"""The advisory locks the house uses, in one place, so that no two are the same."""

from enum import IntEnum


class Lock(IntEnum):
    """Keys of `pg_advisory_lock` and `pg_advisory_xact_lock`; they share one space of numbers."""

    DRAIN = 0x5A_0001
    APPLY = 0x5A_0002
    MIGRATE = 0x5A_0003
    LOAD_DEMO = 0x5A_0004


# The first of two keys, whose space is another one; the second is the inbox's id.
FETCH_INBOX = 0x5A_0005
