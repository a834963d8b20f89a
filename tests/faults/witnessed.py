"""`zabota run` as it is, with one listener more that keeps count, and a note of who is who.

Run as `python -m tests.faults.witnessed run …`. The table `witness` has no unique key, so that an
event handed out twice shows. Each role leaves its process id under its name in `ZABOTA_WHO`.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from zabota import cli
from zabota.cli import roles

TABLE = "CREATE TABLE witness (id serial, event_id bigint, stream_id bigint, seq int)"
INSERT = "INSERT INTO witness (event_id, stream_id, seq) VALUES (%s, %s, %s)"
ROLES = ("web", "worker", "mail")


def watch_tickets() -> None:
    """Add the listener; in the worker, when Django is set up."""
    from django.db import connection

    from zabota.events.apps import load_rooms
    from zabota.events.registry import EVENTS, LISTENERS, Listener, Recorded

    def witness(events: Sequence[Recorded]) -> None:
        rows = [(r.id, r.event.stream_key()[1], r.seq) for r in events]
        with connection.cursor() as cursor:
            cursor.executemany(INSERT, rows)

    load_rooms()
    of_tickets = frozenset(name for name, kind in EVENTS.items() if kind.stream == "ticket")
    LISTENERS.append(Listener("test.witness", of_tickets, witness))


def announced(name: str, work: Callable[..., None]) -> Callable[..., None]:
    """The same work, by somebody who says who they are."""

    def run(*arguments: object) -> None:
        note = Path(os.environ["ZABOTA_WHO"]) / name
        note.with_suffix(".new").write_text(str(os.getpid()))
        note.with_suffix(".new").rename(note)
        if name == "worker":
            watch_tickets()
        work(*arguments)

    return run


if __name__ == "__main__":
    for role in ROLES:
        setattr(roles, f"serve_{role}", announced(role, getattr(roles, f"serve_{role}")))
    cli.main()
