"""A backlog of mails: taken into the ledger, applied, all listeners drained; what each costs.

In turn: raw transactions, the backlog on a small desk, the backlog on a large one; five times.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from types import SimpleNamespace
from typing import Any, cast

import psycopg

from bench.corpus import INBOX, Mail, make_mails
from bench.desk import Desk, Fallbacks
from bench.gauges import Meter, Spent, buffers
from bench.report import Part, said
from bench.scale import Scale, Size
from bench.seed import parents

METHOD = """\
{mails:,} mails a run ({bytes:.1f} kB on average, Russian and English, multipart/alternative, half
of them replies, half of those to older tickets), handed to the mail channel's own `take_in` (ack),
then `apply_inbound` and `drain` in turn as the worker does it, all in one process, without an SMTP
session. CPU ms a mail, user and system, of this process and the whole PostgreSQL; background is its
WAL writer, checkpointer and vacuum. Medians of {runs} runs. Mails a second: one phase after
another. Raw transactions: psycopg, one connection, two inserts and a commit, a body of 1.1 kB."""
RUN = "run"
LEFT_OVER = ("mails not applied", "events not handed out", "listeners behind")
RAW_TABLES = """
CREATE TABLE raw_entry (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, external_id text,
                        at timestamptz NOT NULL DEFAULT now());
CREATE TABLE raw_body (entry_id bigint PRIMARY KEY, body text NOT NULL);
"""
LEFT = """
SELECT (SELECT count(*) FROM intake_inbound WHERE state = 0),
       (SELECT count(*) FROM events_eventtodo),
       (SELECT count(*) FROM events_listenerbacklog)
"""


@dataclass(frozen=True, slots=True)
class Backlog:
    """One run. `misplaced`: mails that became something else than they are."""

    mails: int
    phases: dict[str, Spent]
    background: float
    left: tuple[int, int, int]
    set_aside: int
    misplaced: int
    fallbacks: list[str]
    buffers: float

    def of(self, phase: str) -> float:
        """CPU ms a mail."""
        return self.phases[phase].cpu / self.mails * 1000

    @property
    def cpu(self) -> float:
        """CPU ms a mail, all of it."""
        spent = sum(s.cpu for s in self.phases.values()) + self.background
        return spent / self.mails * 1000

    @property
    def rate(self) -> float:
        """Mails a second, one phase after another."""
        return self.mails / sum(s.wall for s in self.phases.values())


def measure_intake(desk: Desk, scale: Scale) -> Part:
    """Small and large desk must be seeded, under the names of their sizes; the large one grows."""
    raw: list[float] = []
    runs: dict[str, list[Backlog]] = {scale.small.name: [], scale.large.name: []}
    sizes = []
    for number in range(scale.runs):
        desk.create(RUN, template=scale.small.name)
        for size, name in ((scale.small, RUN), (scale.large, scale.large.name)):
            mails = make_mails(scale.mails, run=f"b{number}", seeded=parents(size))
            sizes += [len(mail.raw) for mail in mails]
            desk.use(name)
            if name == RUN:
                raw.append(raw_rate(desk, scale.transactions))
            runs[size.name].append(run_backlog(desk, mails))
    kilobytes = sum(sizes) / len(sizes) / 1000
    method = METHOD.format(mails=scale.mails, bytes=kilobytes, runs=scale.runs)
    part = Part(f"Intake: a backlog of {scale.mails:,} mails", method)
    _say(part, scale, runs, raw)
    return part


def raw_rate(desk: Desk, count: int) -> float:
    """Transactions a second that psycopg makes in Django's present database."""
    body = "1,100 bytes of a mail " * 50
    with psycopg.connect(desk.url(desk.name)) as session:
        session.execute(RAW_TABLES)
        session.commit()
        started = time.perf_counter()
        for number in range(count):
            insert = "INSERT INTO raw_entry (external_id) VALUES (%s) RETURNING id"
            row = session.execute(insert, [f"{number}@raw.example"]).fetchone()
            assert row
            session.execute("INSERT INTO raw_body VALUES (%s, %s)", [row[0], body])
            session.commit()
        return count / (time.perf_counter() - started)


def run_backlog(desk: Desk, mails: Sequence[Mail]) -> Backlog:
    """Take in and apply; the desk must have nothing waiting."""
    from django.db import connection

    before = _outcomes()
    desk.settle()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        meter = Meter(cursor.fetchone()[0])
    at_start, read = desk.cpu(), buffers()
    with Fallbacks() as fallbacks:
        with meter.phase("ack"):
            take_in(mails)
        _work_off(meter)
    whole, read = desk.cpu() - at_start, buffers() - read
    with connection.cursor() as cursor:
        cursor.execute(LEFT)
        left = cursor.fetchone()
    became = _outcomes() - before
    return Backlog(
        mails=len(mails),
        phases=dict(meter.phases),
        background=max(0.0, whole - sum(s.database for s in meter.phases.values())),
        left=left,
        set_aside=sum(n for (state, _outcome), n in became.items() if state != _APPLIED),
        misplaced=_misplaced(mails, became),
        fallbacks=fallbacks.lines,
        buffers=read / len(mails),
    )


_APPLIED, _TICKET, _REPLY = 1, 1, 2


def take_in(mails: Sequence[Mail]) -> None:
    """As the listener does when the data of a session is there, the recipient being known."""
    from aiosmtpd.smtp import Session

    from zabota.channels.email import listener
    from zabota.channels.email.session import Addressed
    from zabota.intake.queries import find_inbox

    session = SimpleNamespace(peer=("192.0.2.1", 25), host_name="mx.mail.example")
    inbox = find_inbox("email", INBOX)
    for mail in mails:
        envelope = Addressed()
        envelope.mail_from, envelope.rcpt_tos, envelope.content = mail.sender, [INBOX], mail.raw
        envelope.inbox = inbox
        listener.take_in(cast(Session, session), envelope)


def _work_off(meter: Meter) -> None:
    from zabota.events.dispatch import drain
    from zabota.worker import apply_some

    done = 1
    while done:
        with meter.phase("apply"):
            done = apply_some()
        with meter.phase("drain"):
            done += drain()


def _outcomes() -> Counter[tuple[int, int | None]]:
    from zabota.intake.models import Inbound

    rows: Any = Inbound.objects.values_list("state", "outcome")
    return Counter(rows.iterator())


def _misplaced(mails: Sequence[Mail], became: Counter[tuple[int, int | None]]) -> int:
    replies = sum(1 for mail in mails if mail.parent)
    expected = {(_APPLIED, _TICKET): len(mails) - replies, (_APPLIED, _REPLY): replies}
    return sum(abs(became[key] - n) for key, n in expected.items())


def _say(part: Part, scale: Scale, runs: dict[str, list[Backlog]], raw: Sequence[float]) -> None:
    small, large = runs[scale.small.name], runs[scale.large.name]
    for size, found in ((scale.small, small), (scale.large, large)):
        _say_cost(part, size, found)
    growth = median(b.cpu / a.cpu for a, b in zip(small, large, strict=True))
    part.judge(f"CPU, {scale.large.name} to {scale.small.name} tickets", growth, most=1.3)
    few, many = (median(r.buffers for r in found) for found in (small, large))
    names = f"{scale.large.name} ({many:.0f}) to {scale.small.name} ({few:.0f})"
    part.judge(f"buffers a mail, {names}", many / few, most=1.3)
    part.say("mails a second", said(median(r.rate for r in small)))
    part.say("raw transactions a second", said(median(raw)))
    share = median(r.rate / base * 100 for r, base in zip(small, raw, strict=True))
    part.judge_least("mails to raw transactions", share, "%", least=8, aim=25)
    everything = [*small, *large]
    for place, what in enumerate(LEFT_OVER):
        part.expect(f"left over: {what}", sum(r.left[place] for r in everything))
    part.expect("set aside or quarantined", sum(r.set_aside for r in everything))
    part.expect("not the ticket or reply they are", sum(r.misplaced for r in everything))
    part.expect("fallbacks (warnings of dispatch and intake)", len(_fallbacks(everything)))
    part.faults += _fallbacks(everything)[:5]


def _fallbacks(runs: Sequence[Backlog]) -> list[str]:
    return [line for run in runs for line in run.fallbacks]


def _say_cost(part: Part, size: Size, runs: Sequence[Backlog]) -> None:
    cpu = median(r.cpu for r in runs)
    part.judge(f"CPU a mail at {size.name} tickets", cpu, "ms", most=12, aim=6)
    for phase in ("ack", "apply", "drain"):
        spent = [r.phases[phase] for r in runs]
        app = median(s.app / r.mails * 1000 for s, r in zip(spent, runs, strict=True))
        database = median(s.database / r.mails * 1000 for s, r in zip(spent, runs, strict=True))
        part.say(f"— {phase}: Python + PostgreSQL", f"{said(app)} + {said(database)} ms")
    rest = median(r.background / r.mails * 1000 for r in runs)
    part.say("— PostgreSQL in the background", said(rest, "ms"))
