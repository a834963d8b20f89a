"""Mails one by one through the running product: listener and worker as processes of their own."""

import smtplib
import threading
import time
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psycopg

from bench.corpus import INBOX, Mail, make_mails
from bench.desk import Desk
from bench.gauges import percentile, tree_cpu
from bench.intake import LEFT, RUN
from bench.processes import PATIENCE, answers, free_port, running, start_zabota, wait_until
from bench.report import Part, said
from bench.scale import Scale
from bench.seed import parents

METHOD = """\
`zabota mail` and `zabota worker` on the small desk, no mail server set up for answers; mails by
smtplib over loopback, a session for each. First the sessions alone, while no worker runs. Then
{rate} mails a second in {windows} windows of {seconds:g} s, medians of the windows: CPU ms a mail
of the worker and the whole PostgreSQL, the listener stated apart. Applied is when PostgreSQL tells
open screens, after the commit; counted from the `250`."""
RATE = 20
APPLIED = """
SELECT external_id, extract(epoch FROM applied_at)::float8 FROM intake_inbound WHERE id > %s
"""


@dataclass
class Trickle:
    """CPU seconds of worker, database and listener by window; seconds until applied by mail."""

    mails: list[int] = field(default_factory=list)
    worker: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)
    listener: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)

    def add(self, mails: int, before: Sequence[float], after: Sequence[float]) -> None:
        """One window, with readings of worker, database and listener."""
        self.mails.append(mails)
        for kept, a, b in zip(
            (self.worker, self.database, self.listener), before, after, strict=True
        ):
            kept.append(b - a)

    def a_mail(self, spent: Sequence[float]) -> list[float]:
        """Milliseconds for one mail, each window."""
        return [1000 * s / n for s, n in zip(spent, self.mails, strict=True)]


def measure_live(desk: Desk, scale: Scale, folder: Path) -> Part:
    """The small desk must be seeded, under the name of its size."""
    method = METHOD.format(rate=RATE, windows=scale.runs, seconds=scale.window)
    part = Part(f"Intake: {RATE} mails a second, through the running product", method)
    desk.create(RUN, template=scale.small.name)
    log = folder / "live.log"
    port = free_port()
    settings = {"DATABASE_URL": desk.url(RUN), "ZABOTA_DATA_DIR": str(folder / "live")}
    count = int(scale.runs * scale.window * RATE)
    mails = make_mails(scale.sessions + count, run="live", seeded=parents(scale.small))
    alone, trickling = mails[: scale.sessions], mails[scale.sessions :]
    with log.open("wb") as output:
        listener = start_zabota("mail", "--smtp-port", str(port), log=output, settings=settings)
        with running(listener):
            wait_until(lambda: answers(port), "the mail listener answers")
            _say_sessions(part, alone, port, listener.pid)
            worker = start_zabota("worker", log=output, settings=settings)
            with running(worker), psycopg.connect(desk.url(RUN), autocommit=True) as session:
                wait_until(lambda: _left(session) == (0, 0, 0), "the worker has caught up")
                desk.settle()
                pids = (worker.pid, listener.pid)
                trickle = _trickle(desk, session, trickling, port, pids, scale.window)
    _say_trickle(part, trickle)
    _say_leftovers(part, desk, log)
    return part


def _send(mail: Mail, port: int) -> float:
    """One session; when it was acknowledged, by the clock."""
    with closing(smtplib.SMTP("127.0.0.1", port, local_hostname="mx.mail.example")) as client:
        client.sendmail(mail.sender, [INBOX], mail.raw)
        acknowledged = time.time()
        client.quit()
    return acknowledged


def _say_sessions(part: Part, mails: Sequence[Mail], port: int, pid: int) -> None:
    _send(mails[0], port)  # the first one opens the listener's database connection
    cpu, started = tree_cpu(pid), time.perf_counter()
    for mail in mails[1:]:
        _send(mail, port)
    count = len(mails) - 1
    spent = (tree_cpu(pid) - cpu) / count * 1000
    took = (time.perf_counter() - started) / count * 1000
    part.say("SMTP session with its ack: CPU of the listener", said(spent, "ms"))
    part.say("SMTP session with its ack: from connect to quit", said(took, "ms"))


def _trickle(
    desk: Desk,
    session: psycopg.Connection[tuple[object, ...]],
    mails: Sequence[Mail],
    port: int,
    pids: tuple[int, int],
    window: float,
) -> Trickle:
    found = Trickle()
    known = session.execute("SELECT coalesce(max(id), 0) FROM intake_inbound").fetchone()
    acknowledged: dict[str, float] = {}
    size = int(window * RATE)
    with _Notices(desk.url(RUN)) as notices:
        started = time.monotonic()
        for first in range(0, len(mails), size):
            before = _cpu(desk, pids)
            for place, mail in enumerate(mails[first : first + size], first):
                time.sleep(max(0.0, started + place / RATE - time.monotonic()))
                acknowledged[mail.message_id] = _send(mail, port)
            time.sleep(max(0.0, started + (first + size) / RATE - time.monotonic()))
            found.add(size, before, _cpu(desk, pids))
        wait_until(lambda: _left(session) == (0, 0, 0), "every mail is applied")
        applied = session.execute(APPLIED, known).fetchall()
    for message_id, at in applied:
        told = notices.first_after(float(str(at)))
        found.delays.append(told - acknowledged[str(message_id)])
    return found


def _cpu(desk: Desk, pids: tuple[int, int]) -> tuple[float, float, float]:
    worker, listener = pids
    return tree_cpu(worker), desk.cpu(), tree_cpu(listener)


def _left(session: psycopg.Connection[tuple[object, ...]]) -> tuple[object, ...]:
    return session.execute(LEFT).fetchone() or ()


class _Notices:
    """When open screens were told that something happened."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._times: list[float] = []
        self._over = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._listen)

    def _listen(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("LISTEN events")
            self._ready.set()
            while not self._over.is_set():
                for _notice in connection.notifies(timeout=0.2):
                    self._times.append(time.time())

    def first_after(self, moment: float) -> float:
        """The first notice since, or the moment itself if none came."""
        place = bisect_left(self._times, moment)
        return self._times[place] if place < len(self._times) else moment

    def __enter__(self) -> "_Notices":
        self._thread.start()
        self._ready.wait(PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def _say_trickle(part: Part, found: Trickle) -> None:
    worker, database = found.a_mail(found.worker), found.a_mail(found.database)
    both = [w + d for w, d in zip(worker, database, strict=True)]
    part.judge("CPU a mail, worker and PostgreSQL", median(both), "ms", most=40)
    part.say("— worker", said(median(worker), "ms"))
    part.say("— PostgreSQL", said(median(database), "ms"))
    part.say("the listener apart", said(median(found.a_mail(found.listener)), "ms"))
    delays = [delay * 1000 for delay in found.delays]
    part.say("from `250` to applied, p50", said(percentile(delays, 0.5), "ms"))
    part.say("from `250` to applied, p99", said(percentile(delays, 0.99), "ms"))


def _say_leftovers(part: Part, desk: Desk, log: Path) -> None:
    with psycopg.connect(desk.url(RUN)) as session:
        left = _left(session)
        row = session.execute("SELECT count(*) FROM intake_inbound WHERE state <> 1").fetchone()
    part.expect("left over: mails, events, listeners behind", sum(int(str(n)) for n in left))
    part.expect("set aside or quarantined", int(row[0]) if row else 0)
    lines = log.read_text(errors="replace").splitlines()
    odd = [line for line in lines if " WARNING " in line or " ERROR " in line]
    part.expect("fallbacks (warnings of the two processes)", len(odd))
    part.faults += odd[:5]
