"""SIGKILL at any instant: nothing lost, nothing twice, nothing out of order."""

import os
import random
import signal
import subprocess
import sys
import threading
from urllib.parse import quote

import pytest
from django.db import connection

from tests.cast import Cast
from tests.waiting import until
from zabota.events.models import Event, EventTodo, ListenerBacklog
from zabota.intake.models import Delivery, Inbound
from zabota.tickets.models import Message

LETTERS, KILLS = 240, 6


def start_worker() -> subprocess.Popen[bytes]:
    database = connection.settings_dict
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={quote(database['HOST'])}"
    if database["PORT"]:
        url = os.environ["DATABASE_URL"].rpartition("/")[0] + "/" + database["NAME"]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.killed_worker"],
        env={**os.environ, "DATABASE_URL": url, "ZABOTA_LOG_LEVEL": "ERROR"},
        stderr=subprocess.DEVNULL,
    )


def applied() -> int:
    return Inbound.objects.filter(state=Inbound.State.APPLIED).count()


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_again_and_again(cast: Cast) -> None:
    chance = random.Random(7)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE witness (id serial, stream_id bigint, seq int)")
    try:
        for kill in range(KILLS):
            worker = start_worker()
            before = applied()
            for i in range(LETTERS // KILLS):
                number = kill * (LETTERS // KILLS) + i
                parent = [f"n{chance.randrange(number)}@x"] if number and i % 2 else []
                cast.accept(external_id=f"n{number}@x", references=parent)
            # Killed some moments after it has begun with this lot.
            until(lambda before=before: applied() > before)  # type: ignore[misc]
            threading.Event().wait(chance.uniform(0, 0.05))
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        worker = start_worker()
        until(lambda: applied() == LETTERS and not EventTodo.objects.exists())
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        check()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE witness")


def check() -> None:
    assert Message.objects.count() == LETTERS
    assert Message.objects.values("external_id").distinct().count() == LETTERS
    assert not ListenerBacklog.objects.exists()
    assert Delivery.objects.count() == 1  # all letters are from one address, within an hour
    of_tickets = Event.objects.filter(stream_kind="ticket")
    told = sorted(of_tickets.values_list("stream_id", "seq"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT stream_id, seq FROM witness ORDER BY id")
        witnessed = cursor.fetchall()
    assert sorted(witnessed) == told, "each event once"
    last: dict[int, int] = {}
    for stream, seq in witnessed:
        assert seq == last.get(stream, 0) + 1, "in order, without gaps"
        last[stream] = seq
    print(f"{LETTERS} letters, {KILLS} kills, {len(told)} events: 0 lost, 0 twice, 0 out of order")
