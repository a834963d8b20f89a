"""Who fetches where: following the table of inboxes, one process an inbox, gone within seconds."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection

from tests.dovecot import PASSWORD, Dovecot
from tests.waiting import until
from zabota.channels.email.fetcher import IDLE_FOR
from zabota.channels.email.fetchers import fetching
from zabota.channels.email.tests.imap_cast import fetching_inbox, ids, mail, until_taken
from zabota.core.environment import env
from zabota.core.postgres import connection_string
from zabota.events.registry import SYSTEM
from zabota.intake.inboxes import connect_inbox, disconnect_inbox, set_active
from zabota.intake.models import Inbound, InboxHealth
from zabota.intake.sources import After, Secret, source_of

pytestmark = pytest.mark.django_db(transaction=True)


def connect() -> "psycopg.Connection[tuple[object, ...]]":
    """To the database of this test."""
    here = psycopg.conninfo.make_conninfo(
        connection_string(env), dbname=connection.settings_dict["NAME"]
    )
    return psycopg.connect(here, autocommit=True)


@contextmanager
def a_process() -> Iterator[None]:
    with fetching(connect):
        yield


def test_inboxes_come_pause_and_go_without_a_restart(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zabota.channels.email.fetchers.LOOK_EVERY", 3600.0)  # it must be told
    with fetching(connect) as fetchers:
        until(fetchers.is_alive)
        dovecot.deliver("come", mail(1))
        inbox = fetching_inbox(dovecot, "come")
        until_taken(1)
        set_active(inbox, False, actor=SYSTEM)
        until(lambda: not fetchers.running)
        dovecot.deliver("come", mail(2))
        set_active(inbox, True, actor=SYSTEM)
        until_taken(2)
        disconnect_inbox(inbox, actor=SYSTEM)
        until(lambda: not fetchers.running)
    assert ids() == ["1@example.ru", "2@example.ru"]


def test_a_password_that_is_put_right_works_at_once(dovecot: Dovecot) -> None:
    dovecot.deliver("right", mail(1))
    inbox = fetching_inbox(dovecot, "right", password="wrong")
    with a_process():
        until(lambda: InboxHealth.objects.get().trouble != "")
        source = source_of(inbox)
        assert source
        connect_inbox(inbox, source, Secret(password=PASSWORD), actor=SYSTEM)
        assert InboxHealth.objects.get().trouble == ""
        until_taken(1)


def test_two_processes_never_fetch_one_inbox(dovecot: Dovecot) -> None:
    fetching_inbox(dovecot, "both")
    with fetching(connect) as first:
        until(lambda: bool(first.running))
        with fetching(connect) as second, connect() as session:
            dovecot.deliver("both", mail(1))
            until_taken(1)
            second.adjust(session)  # it tries, and may not
            assert not second.running
            first.stop()
            until(lambda: bool(second.running))  # who is left takes over
            dovecot.deliver("both", mail(2))
            until_taken(2)
    assert Inbound.objects.count() == 2


def test_everything_ends_within_seconds_whatever_it_waits_for(dovecot: Dovecot) -> None:
    for number in range(5):
        fetching_inbox(dovecot, f"idle{number}")
    with fetching(connect) as fetchers:
        until(lambda: [f.rounds > 0 for f in fetchers.running.values()] == [True] * 5)
        began = time.monotonic()
    until(lambda: not fetchers.is_alive())
    assert time.monotonic() - began < IDLE_FOR / 2


KILLED = """
import os, signal, sys
from zabota.cli.desk import set_up
set_up()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from zabota.channels.email import fetch
from zabota.channels.email.fetcher import make_fetcher
from zabota.intake.models import Inbox

def die(self, uid):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(fetch.Round, sys.argv[2], die)
make_fetcher(Inbox.objects.get()).run()
"""


@pytest.mark.parametrize("where", ["_move_to", "_is_old"])
def test_killed_between_the_ledger_and_the_position(dovecot: Dovecot, where: str) -> None:
    """The first dies with a window in the ledger, the second before that is committed."""
    user = f"killed{where.lower()}"
    dovecot.deliver(user, *(mail(number) for number in range(120)))
    fetching_inbox(dovecot, user, after=After.DELETE)
    command = [sys.executable, "-c", KILLED, str(connection.settings_dict["NAME"]), where]
    died = subprocess.run(command, env=dict(os.environ), capture_output=True, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    assert Inbound.objects.count() == (50 if where == "_move_to" else 0)
    with a_process():
        until_taken(120)
        until(lambda: not dovecot.count(user))
    assert sorted(ids()) == sorted(f"{number}@example.ru" for number in range(120))
