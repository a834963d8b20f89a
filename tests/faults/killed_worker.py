# ruff: noqa: E402  Django must be set up before models are imported
"""A worker to be killed: the real one, with a channel of letters and a listener that keeps count.

Run as `python -m tests.faults.killed_worker`; the table `witness` has no unique key, so that
anything done twice shows.
"""

import os
from collections.abc import Sequence

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zabota.settings")

import django

django.setup()

from django.db import connection

from tests.cast import Letterbox
from zabota.events.apps import load_rooms
from zabota.events.registry import EVENTS, LISTENERS, Listener, Recorded
from zabota.intake.registry import register
from zabota.worker import run_worker


def witness(events: Sequence[Recorded]) -> None:
    rows = [(r.event.stream_key()[1], r.seq) for r in events]
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO witness (stream_id, seq) VALUES (%s, %s)", rows)


def main() -> None:
    register(Letterbox())
    load_rooms()
    of_tickets = frozenset(name for name, kind in EVENTS.items() if kind.stream == "ticket")
    LISTENERS.append(Listener("test.witness", of_tickets, witness))
    run_worker(lambda: False)


if __name__ == "__main__":
    main()
