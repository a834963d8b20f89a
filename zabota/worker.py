"""The worker: applies what came in, hands out events, sends what goes out, keeps house.

Two threads, because sending talks to the network and the rest must not wait for it. LISTEN wakes
them; a slow poll is the net under it.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import psycopg
from django.contrib.sessions.backends.db import SessionStore
from django.db import InterfaceError, OperationalError, connection, connections

from zabota.api.once import forget_answers
from zabota.company.preferences import preference
from zabota.core import clock
from zabota.core.environment import env
from zabota.core.postgres.checks import direct_connection_string
from zabota.events.apps import load_rooms
from zabota.events.dispatch import drain, retry_backlog
from zabota.files.actions import sweep_files
from zabota.intake.aside import forget_set_aside
from zabota.intake.chores import go_on_with_chores
from zabota.intake.deliveries import next_due, send_next, wake_waiting
from zabota.tickets.actions import close_solved
from zabota.tickets.bin import KEPT, purge_bin
from zabota.tickets.finding import merge_new_words
from zabota.tickets.receive import apply_carefully, apply_inbound

log = logging.getLogger("zabota.worker")

AWAY = (OperationalError, InterfaceError, psycopg.OperationalError)
NAME = "zabota worker"  # in pg_stat_activity, where `zabota check` looks
POLL = 5.0
GATHER = 0.2  # several mails in one round cost little more than one
QUIET = 0.5  # what comes after so long is alone, and need not wait for others
BATCH = 50
TOGETHER = 200  # mails of a backlog, before their receipts are written
HOUSEKEEPING = 60.0
GRACE = timedelta(days=4)

ShouldStop = Callable[[], bool]


def run_worker(should_stop: ShouldStop) -> None:
    """Work until `should_stop()`; what is under way is finished first. Outlives a lost database."""
    load_rooms()
    sender = threading.Thread(target=_forever, args=("deliveries", _send_all, should_stop))
    sender.start()
    _forever("intake,events", _Desk().work, should_stop)
    sender.join()


def _forever(channels: str, work: Callable[[ShouldStop], float], should_stop: ShouldStop) -> None:
    """Do `work` whenever one of these channels says so, or after as many seconds as it asks for."""
    name = f"{NAME} {channels}"
    while not should_stop():
        try:
            with psycopg.connect(
                direct_connection_string(env), autocommit=True, application_name=name
            ) as listener:
                for channel in channels.split(","):
                    listener.execute(f"LISTEN {channel}")
                while not should_stop():
                    pause = work(should_stop)
                    _wait(listener, pause, should_stop)
        except AWAY as error:
            log.warning("the database is away, trying again: %s", str(error).splitlines()[:1])
            connections.close_all()
            time.sleep(0.5)
        except Exception:
            log.exception("the worker goes on after an error")
            time.sleep(1)


def _wait(listener: psycopg.Connection, seconds: float, should_stop: ShouldStop) -> None:
    """Until a notice comes or time is over, looking up twice a second for a stop."""
    began = time.monotonic()
    while (left := began + seconds - time.monotonic()) > 0 and not should_stop():
        told = list(listener.notifies(timeout=min(left, 0.5), stop_after=1))
        gather = GATHER if time.monotonic() - began < QUIET else 0
        told += listener.notifies(timeout=gather) if told else ()  # one round answers all of them
        if any(notice.pid != _own_pid() for notice in told):
            return


def _own_pid() -> int:
    """The session this thread works with: it knows already what it tells others itself."""
    session = connection.connection
    return session.info.backend_pid if session and not session.closed else 0


def apply_some() -> int:
    """Apply what waits, a few batches in a row; how many mails it was.

    Listeners are handed their events together then: of a backlog, with a quarter of the queries.
    """
    applied, last = 0, BATCH
    while last == BATCH and applied < TOGETHER:
        applied += (last := apply_inbound(BATCH))
    return applied


class _Desk:
    """Everything that touches only the database, in one thread, so that order needs no thought."""

    def __init__(self) -> None:
        self.cleaned_at = float("-inf")
        self.is_fresh = True

    def work(self, should_stop: ShouldStop) -> float:
        if self.is_fresh:
            wake_waiting()
            apply_carefully()
            self.is_fresh = False
        retry_backlog()
        self._keep_house()
        while not should_stop() and (apply_some() or drain() or go_on_with_chores()):
            drain()
        return POLL  # the connection stays: to take one from the pool costs as much as a question

    def _keep_house(self) -> None:
        if time.monotonic() - self.cleaned_at > HOUSEKEEPING:
            self.cleaned_at = time.monotonic()
            close_solved(clock.now() - GRACE)
            forget_set_aside(clock.now() - timedelta(days=preference("keep_aside_days")))
            purge_bin(clock.now() - KEPT)
            SessionStore.clear_expired()
            forget_answers()
            sweep_files()
            merge_new_words()


def _send_all(should_stop: ShouldStop) -> float:
    while not should_stop() and send_next():
        pass
    due = next_due()
    return min(POLL, max(0.05, (due - clock.now()).total_seconds())) if due else POLL
