"""One worker against two on the same backlog: applied, drained, and receipts sent to a server."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from bench.corpus import Mail, make_mails
from bench.desk import Desk
from bench.gauges import tree_cpu
from bench.intake import RUN, take_in
from bench.processes import free_port, running, start_zabota, wait_until
from bench.report import Part, said
from bench.scale import Scale
from bench.seed import parents

METHOD = """\
{mails:,} mails are in the ledger; `zabota worker`, one process or two, until all are applied,
all listeners have caught up and every receipt has been taken by a mail server (in this process) on
the same cores, with no brake on bursts. One applies at a time, by lock, so that no reply overtakes
its parent; what is sent and drained is shared. Wall from when all of them are there; CPU of the
workers and the whole PostgreSQL. In turn, medians of {runs} runs."""
UNDONE = """
SELECT (SELECT count(*) FROM intake_inbound WHERE state = 0),
       (SELECT count(*) FROM events_eventtodo),
       (SELECT count(*) FROM events_listenerbacklog),
       (SELECT count(*) FROM intake_delivery WHERE state IN (0, 1))
"""
PATIENCE = 600.0


@dataclass(frozen=True, slots=True)
class Shift:
    """Seconds until nothing was left, by the clock and of CPU; receipts, and those sent twice."""

    wall: float
    cpu: float
    sent: int
    doubled: int


def measure_workers(desk: Desk, scale: Scale, folder: Path) -> Part:
    """The small desk must be seeded, under the name of its size."""
    method = METHOD.format(mails=scale.shared, runs=scale.runs)
    part = Part("Intake with two workers against one", method)
    one, two = [], []
    with (folder / "workers.log").open("wb") as log:
        for number in range(scale.runs):
            mails = make_mails(scale.shared, run=f"w{number}", seeded=parents(scale.small))
            one.append(_shift(desk, scale, mails, 1, log))
            two.append(_shift(desk, scale, mails, 2, log))
    for name, shifts in (("one worker", one), ("two workers", two)):
        rate = scale.shared / median(s.wall for s in shifts)
        cpu = median(s.cpu for s in shifts) / scale.shared * 1000
        part.say(f"{name}: mails a second, CPU a mail", f"{said(rate)}, {said(cpu, 'ms')}")
    pairs = list(zip(one, two, strict=True))
    part.judge("time, two to one", median(b.wall / a.wall for a, b in pairs), most=1)
    part.say("CPU, two to one", said(median(b.cpu / a.cpu for a, b in pairs)))
    part.say("receipts sent, each run", str(one[0].sent))
    part.expect("receipts sent twice", sum(s.doubled for s in (*one, *two)))
    part.expect("receipts sent by one and not by two", abs(one[0].sent - two[0].sent))
    return part


def _shift(desk: Desk, scale: Scale, mails: Sequence[Mail], workers: int, log: Any) -> Shift:
    desk.create(RUN, template=scale.small.name)
    desk.use(RUN)
    with ExitStack() as stack:
        session = stack.enter_context(psycopg.connect(desk.url(RUN), autocommit=True))
        server, port = stack.enter_context(_mail_server())
        settings = {
            "DATABASE_URL": desk.url(RUN),
            "ZABOTA_DATA_DIR": str(desk.server.data_dir),
            "ZABOTA_OUTGOING_MAIL": f"smtp://127.0.0.1:{port}",
            "ZABOTA_BRAKE": "off",
        }
        with _held_back(session):
            team = [
                stack.enter_context(running(start_zabota("worker", log=log, settings=settings)))
                for _ in range(workers)
            ]
            wait_until(lambda: _at_work(session) == 2 * workers, "the workers listen", PATIENCE)
            take_in(mails)
            desk.settle()
            before, started = _cpu(desk, team), time.monotonic()
        wait_until(lambda: session.execute(UNDONE).fetchone() == (0,) * 4, "all done", PATIENCE)
        wall, cpu = time.monotonic() - started, _cpu(desk, team) - before
    ids = server.message_ids
    return Shift(wall, cpu, len(ids), len(ids) - len(set(ids)))


def _cpu(desk: Desk, team: Sequence[subprocess.Popen[bytes]]) -> float:
    return desk.cpu() + sum(tree_cpu(one.pid) for one in team)


@contextmanager
def _held_back(session: psycopg.Connection[Any]) -> Iterator[None]:
    """Nobody applies before all are there: each worker waits for this lock."""
    from zabota.core.locks import Lock

    session.execute("SELECT pg_advisory_lock(%s)", [Lock.APPLY])
    yield
    session.execute("SELECT pg_advisory_unlock(%s)", [Lock.APPLY])


def _at_work(session: psycopg.Connection[Any]) -> int:
    """Sessions that listen: each worker has two."""
    from zabota.worker import NAME

    asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE %s"
    row = session.execute(asked, [f"{NAME}%"]).fetchone()
    return int(row[0]) if row else 0


class _Server:
    """aiosmtpd's handler: keeps what it was given by Message-ID."""

    def __init__(self) -> None:
        self.message_ids: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        head = envelope.content.partition(b"\r\n\r\n")[0].decode(errors="replace")
        lines = (line for line in head.splitlines() if line.lower().startswith("message-id:"))
        self.message_ids.append(next(lines, ""))
        return "250 OK"


@contextmanager
def _mail_server() -> Iterator[tuple[_Server, int]]:
    from aiosmtpd.controller import Controller

    server, port = _Server(), free_port()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield server, port
    finally:
        controller.stop()
