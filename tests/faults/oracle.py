"""What must hold after any fault: asked of a desk's tables and of the sender's own ledger.

What was acknowledged is there exactly once; what was not may be there once. The events of each
stream are in order without gaps, and every listener was given each exactly once.
"""

import threading
from collections import Counter
from dataclasses import dataclass, field

from tests.faults.whole_desk import WholeDesk
from tests.waiting import PATIENCE, until

FAR = "@far.example"
MESSAGES = "SELECT external_id FROM tickets_message WHERE external_id LIKE %s"
LEDGER = "SELECT external_id FROM intake_inbound WHERE external_id LIKE %s"
WAITING = """
SELECT (SELECT count(*) FROM intake_inbound WHERE state = 0)
     + (SELECT count(*) FROM events_eventtodo) + (SELECT count(*) FROM events_listenerbacklog)
"""
ASIDE = "SELECT external_id, reason FROM intake_inbound WHERE state NOT IN (0, 1)"
GAPS = """
SELECT stream_kind, stream_id FROM events_event GROUP BY 1, 2
HAVING count(*) <> max(seq) OR min(seq) <> 1 OR count(DISTINCT seq) <> count(*)
"""
TOLD = "SELECT id FROM events_event WHERE stream_kind = 'ticket' ORDER BY id"
WITNESSED = "SELECT event_id FROM witness ORDER BY event_id"
OUT_OF_ORDER = """
SELECT * FROM (
  SELECT seq, lag(seq, 1, 0) OVER (PARTITION BY stream_id ORDER BY id) AS before FROM witness
) AS pairs WHERE seq <> before + 1
"""
TICKETS = "SELECT count(*) FROM tickets_ticket"
RECEIPTS = """
SELECT stream_id, count(*) FROM intake_delivery WHERE is_automatic GROUP BY 1 HAVING count(*) > 1
"""
RECEIPTED = "SELECT count(*) FROM intake_delivery WHERE is_automatic"


@dataclass
class SendersLedger:
    """Message-IDs the senders began with, and those somebody answered for."""

    tried: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    tries: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, name: str) -> None:
        with self.lock:
            self.tried.add(name)
            self.tries += 1

    def acknowledge(self, name: str) -> None:
        with self.lock:
            self.acknowledged.add(name)


@dataclass(frozen=True)
class Findings:
    """What became of what was sent."""

    lost: list[str]
    doubled: list[str]
    unasked: list[str]

    def __str__(self) -> str:
        return f"{len(self.lost)} lost, {len(self.doubled)} doubled"


def drained(desk: WholeDesk, ledger: SendersLedger) -> bool:
    """Whether everything acknowledged is applied and every event handed out."""
    there = desk.count("SELECT count(*) FROM intake_inbound WHERE external_id LIKE %s", f"%{FAR}")
    return there >= len(ledger.acknowledged) and desk.count(WAITING) == 0


def examine(desk: WholeDesk, ledger: SendersLedger, seconds: float = PATIENCE) -> Findings:
    """Wait until nothing is under way, then compare; fails if anything does not hold."""
    until(lambda: drained(desk, ledger), seconds)
    found = compare(desk, ledger)
    assert found == Findings([], [], []), found
    assert desk.rows(ASIDE) == [], "nothing was set aside"
    assert desk.rows(GAPS) == [], "streams without gaps"
    assert desk.rows(OUT_OF_ORDER) == [], "each stream handed out in order"
    assert desk.rows(WITNESSED) == desk.rows(TOLD), "each event handed out exactly once"
    assert desk.rows(RECEIPTS) == [], "no ticket got two receipts"
    assert desk.one(RECEIPTED) == desk.one(TICKETS), "each ticket got one"
    return found


def compare(desk: WholeDesk, ledger: SendersLedger) -> Findings:
    """The sender's ledger against ours, and ours against the messages made of it."""
    messages = Counter(row[0] for row in desk.rows(MESSAGES, f"%{FAR}"))
    rows = Counter(row[0] for row in desk.rows(LEDGER, f"%{FAR}"))
    several = [name for name, n in (messages | rows).items() if n > 1]
    lost = [name for name in ledger.acknowledged if not (messages[name] and rows[name])]
    return Findings(sorted(lost), sorted(several), sorted(messages.keys() - ledger.tried))
