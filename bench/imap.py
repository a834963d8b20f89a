"""Catching up with a mailbox of a real Dovecot by IMAP, and mail that arrives while it idles."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from bench.corpus import INBOX, make_mails
from bench.desk import Desk
from bench.gauges import percentile
from bench.report import Part, said
from bench.scale import Scale

if TYPE_CHECKING:
    from tests.dovecot import Dovecot
    from zabota.intake.models import Inbox

METHOD = """\
{mails:,} mails as those of the intake part in a Maildir of a Dovecot of this run's own, over TLS at
127.0.0.1, windows of 50; fetched by one inbox's own fetcher into the ledger and committed. Read
again: another UIDVALIDITY, so that every mail is fetched and found to be known. Memory is what this
process has grown by (RSS) between a tenth of the mails and the most it had after that. Arriving:
from the end of APPEND to the row in the ledger, one after another while the fetcher idles."""
ARRIVALS = 40
CHUNK = 500
USER = "bench"


@dataclass(frozen=True, slots=True)
class Run:
    """One catching up."""

    mails: int
    wall: float
    cpu: float
    grown: float

    @property
    def rate(self) -> float:
        return self.mails / self.wall


def measure_imap(desk: Desk, scale: Scale) -> Part:
    """Says so, and nothing else, where there is no Dovecot."""
    count = scale.mailbox
    part = Part(f"IMAP: a mailbox of {count:,} mails", METHOD.format(mails=count))
    if not shutil.which("dovecot"):
        part.say("not measured", "there is no Dovecot here (apt-get install dovecot-imapd)")
        return part
    desk.create("imap")
    desk.use("imap")
    with _dovecot() as dovecot:
        dovecot.fill(USER, _mails(), count)
        dovecot.start()
        inbox = _inbox(dovecot)
        first = _catch_up(inbox, count)
        dovecot.stop()
        dovecot.forget_validity(USER)
        dovecot.start()
        again = _catch_up(inbox, count)
        late = _arrivals(inbox, dovecot)
    part.expect("not in the ledger once", abs(_ledger() - count - ARRIVALS))
    _say(part, first, again, late)
    return part


def _say(part: Part, first: Run, again: Run, late: list[float]) -> None:
    part.say("mails a second", said(first.rate))
    part.say("— CPU a mail, fetching process", said(first.cpu / first.mails * 1000, "ms"))
    part.say("— memory grown meanwhile", said(first.grown, "MB"))
    part.say("mails a second, read again and known", said(again.rate))
    part.judge("arriving while idle, p50", percentile(late, 0.5) * 1000, "ms", most=1000)
    part.judge("arriving while idle, p99", percentile(late, 0.99) * 1000, "ms", most=2000)


@contextmanager
def _dovecot() -> "Iterator[Dovecot]":
    from tests.dovecot import Dovecot

    dovecot = Dovecot()
    before = os.environ.get("SSL_CERT_FILE")
    os.environ["SSL_CERT_FILE"] = str(dovecot.cert)
    try:
        yield dovecot
    finally:
        dovecot.close()
        os.environ.pop("SSL_CERT_FILE")
        if before:
            os.environ["SSL_CERT_FILE"] = before


def _mails() -> Callable[[int], bytes]:
    """Made as they are asked for, in order: many are more than memory should hold."""
    held: dict[int, list[bytes]] = {}

    def mail(number: int) -> bytes:
        chunk, place = divmod(number, CHUNK)
        if chunk not in held:
            held.clear()
            held[chunk] = [one.raw for one in make_mails(CHUNK, run=f"imap{chunk}")]
        return held[chunk][place]

    return mail


def _inbox(dovecot: "Dovecot") -> "Inbox":
    from tests.dovecot import PASSWORD
    from zabota.company.actions import ensure_company
    from zabota.events.registry import SYSTEM
    from zabota.intake.actions import add_inbox
    from zabota.intake.inboxes import connect_inbox
    from zabota.intake.sources import Secret, Source

    ensure_company("en")
    source = Source("localhost", dovecot.port, USER)
    return connect_inbox(add_inbox(INBOX)[0], source, Secret(password=PASSWORD), actor=SYSTEM)


def _catch_up(inbox: "Inbox", count: int) -> Run:
    from zabota.channels.email.fetcher import make_fetcher

    fetcher = make_fetcher(inbox)
    assert fetcher
    me, sizes, pause = psutil.Process(), [], threading.Event()
    began, spent = time.monotonic(), sum(me.cpu_times()[:2])
    fetcher.start()
    while fetcher.rounds == 0:
        sizes.append(me.memory_info().rss / 1e6)
        pause.wait(0.1)
    wall, cpu = time.monotonic() - began, sum(me.cpu_times()[:2]) - spent
    fetcher.stop()
    fetcher.join(10)
    settled = sizes[len(sizes) // 10]
    return Run(count, wall, cpu, max(sizes[len(sizes) // 10 :]) - settled)


def _arrivals(inbox: "Inbox", dovecot: "Dovecot") -> list[float]:
    from zabota.channels.email.fetcher import make_fetcher

    fetcher = make_fetcher(inbox)
    assert fetcher
    fetcher.start()
    pause, late, known = threading.Event(), [], _ledger()
    while fetcher.rounds == 0:
        pause.wait(0.05)
    for mail in make_mails(ARRIVALS, run="late"):
        dovecot.deliver(USER, mail.raw)
        arrived, known = time.monotonic(), known + 1
        while _ledger() < known:
            pause.wait(0.01)
        late.append(time.monotonic() - arrived)
    fetcher.stop()
    fetcher.join(10)
    return late


def _ledger() -> int:
    from zabota.intake.models import Inbound

    return Inbound.objects.count()
