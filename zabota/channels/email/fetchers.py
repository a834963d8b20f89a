"""Everybody who fetches mail in this process: one thread an inbox, following the table of inboxes.

Of any number of mail processes on one database one fetches at an inbox: who holds its advisory
lock, on one connection that lives as long as the locks are needed. If it is lost so are they, and
all stop; should two overlap for a moment, the ledger knows each mail once.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from django.db import DatabaseError, InterfaceError, connections

from zabota.channels.email.fetcher import Fetcher, make_fetcher
from zabota.core.environment import env
from zabota.core.locks import FETCH_INBOX
from zabota.core.postgres.checks import direct_connection_string
from zabota.intake.inboxes import CHANGED
from zabota.intake.models import Inbox
from zabota.intake.sources import KEY

log = logging.getLogger("zabota.imap")

LOOK_EVERY = 5.0
STOP = 4.0
AWAY = (psycopg.OperationalError, DatabaseError, InterfaceError)
Connect = Callable[[], "psycopg.Connection[tuple[object, ...]]"]


def connect_here() -> "psycopg.Connection[tuple[object, ...]]":
    """A direct connection: locks of a session do not pass through PgBouncer."""
    return psycopg.connect(direct_connection_string(env), autocommit=True)


@contextmanager
def fetching(connect: Connect = connect_here) -> Iterator["Fetchers"]:
    """Within, mail is fetched for every inbox that wants it."""
    fetchers = Fetchers(connect)
    fetchers.start()
    try:
        yield fetchers
    finally:
        fetchers.stop()


class Fetchers(threading.Thread):
    """Starts and stops fetchers as inboxes come, change and go."""

    def __init__(self, connect: Connect = connect_here) -> None:
        super().__init__(name="imap", daemon=True)
        self.running: dict[int, Fetcher] = {}
        self._connect = connect
        self._over = threading.Event()

    def stop(self) -> None:
        """End everything, within some seconds; what is not done is repeated at the next start."""
        self._over.set()
        self.join(STOP + 1)

    def run(self) -> None:
        while not self._over.is_set():
            try:
                with self._connect() as session:
                    session.execute(f"LISTEN {CHANGED}")
                    self._follow(session)
            except AWAY as error:
                log.warning("the database is away: %s", str(error).partition("\n")[0])
            except Exception:
                log.exception("fetching goes on after an error")
            finally:
                self._stop_all()
                connections.close_all()
            self._over.wait(1)

    def _follow(self, session: "psycopg.Connection[tuple[object, ...]]") -> None:
        while not self._over.is_set():
            self.adjust(session)
            connections.close_all()
            leaving = any(f.is_leaving for f in self.running.values())
            until = time.monotonic() + (0.2 if leaving else LOOK_EVERY)
            while (left := until - time.monotonic()) > 0 and not self._over.is_set():
                if any(True for _ in session.notifies(timeout=min(left, 0.5), stop_after=1)):
                    break

    def adjust(self, session: "psycopg.Connection[tuple[object, ...]]") -> None:
        """Let those fetch who should; a lock is given back when its thread has ended."""
        wanted = {inbox.pk: inbox for inbox in _inboxes_that_fetch()}
        for pk, fetcher in list(self.running.items()):
            if not fetcher.is_alive():
                del self.running[pk]
                session.execute("SELECT pg_advisory_unlock(%s, %s)", [FETCH_INBOX, _key(pk)])
            elif not fetcher.is_leaving and not _is_as(fetcher, wanted.get(pk)):
                fetcher.stop()
        for pk, inbox in wanted.items():
            if pk not in self.running and _lock(session, pk):
                self._start(inbox)

    def _start(self, inbox: Inbox) -> None:
        fetcher = make_fetcher(inbox)
        assert fetcher
        self.running[inbox.pk] = fetcher
        fetcher.start()

    def _stop_all(self) -> None:
        for fetcher in self.running.values():
            fetcher.stop()
        until = time.monotonic() + STOP
        for fetcher in self.running.values():
            fetcher.join(max(0.0, until - time.monotonic()))
        self.running.clear()


def _inboxes_that_fetch() -> list[Inbox]:
    rows = Inbox.objects.filter(channel="email", is_active=True, settings__has_key=KEY)
    return list(rows.order_by("pk"))


def _is_as(fetcher: Fetcher, inbox: Inbox | None) -> bool:
    """Whether it fetches what the inbox now says; a secret it renewed itself is no change."""
    return inbox is not None and fetcher.inbox.settings[KEY] == inbox.settings.get(KEY)


def _lock(session: "psycopg.Connection[tuple[object, ...]]", pk: int) -> bool:
    row = session.execute("SELECT pg_try_advisory_lock(%s, %s)", [FETCH_INBOX, _key(pk)]).fetchone()
    return bool(row and row[0])


def _key(pk: int) -> int:
    return pk & 0x7FFF_FFFF
