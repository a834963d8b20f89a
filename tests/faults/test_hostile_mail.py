"""Fault 5: hostile mails in the flow, one in a hundred. Each is soon done; the others come through.

Among a few ordinary ones in the suite, one to a hundred with ZABOTA_FAULT_FULL=1.
"""

import hashlib
import re
import resource
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.cast import Cast
from tests.fault import QUICK, is_full, report
from tests.hostile import hostile_mails
from tests.waiting import PATIENCE
from zabota.channels.email import careful
from zabota.intake.actions import accept_inbound, add_inbox
from zabota.intake.models import Inbound, Inbox
from zabota.tickets.models import Message
from zabota.tickets.receive import apply_inbound

pytestmark = QUICK
SECONDS, MEMORY = 5.0, 256
ORDINARY = (
    "From: Дана <dana{n}@example.ru>\r\nTo: mail@desk.example\r\nSubject: Возврат {n}\r\n"
    "Message-ID: <ordinary-{n}@example.ru>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    "Где деньги?\r\n"
)


@pytest.fixture
def inbox(cast: Cast) -> Iterator[Inbox]:
    made, _ = add_inbox("mail@desk.example")
    yield made
    careful._helper.end()


def accept(inbox: Inbox, raw: bytes, name: str) -> int:
    digest = hashlib.sha256(raw).digest()
    return accept_inbound(inbox, raw, external_id=name, body_hash=digest, envelope={}) or 0


def cost_of(inbox: Inbox, raw: bytes, name: str) -> tuple[float, int]:
    """The seconds this mail takes here, and the megabytes it takes in the confined process."""
    accept(inbox, raw, name)
    started, wall = time.process_time(), time.monotonic()
    apply_inbound(1)
    assert time.monotonic() - wall < PATIENCE, name
    memory = memory_taken()
    careful._helper.end()  # only now the system says what it took
    return time.process_time() - started, memory


def memory_taken() -> int:
    """How many megabytes the confined process had at most; 0 where none is left to ask."""
    process = careful._helper._process
    if process is None or not (status := Path(f"/proc/{process.pid}/status")).exists():
        return 0
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())
    return int(kilobytes) // 1024


def test_hostile_mails_disturb_nobody(inbox: Inbox) -> None:
    longest, slowest, most, hostile, ordinary = 0.0, "", 0, 0, 0
    for name, raw in islice(hostile_mails(), 0, None, 1 if is_full() else 4):
        for _ in range(100 if is_full() else 2):
            ordinary += 1
            accept(inbox, ORDINARY.format(n=ordinary).encode(), f"ordinary {ordinary}")
        apply_inbound(100)
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent, memory = cost_of(inbox, raw, name)
        most = max(most, memory)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent += after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
        hostile += 1
        if spent > longest:
            longest, slowest = spent, name
    states = Inbound.objects.filter(external_id__startswith="ordinary")
    assert states.filter(state=Inbound.State.APPLIED).count() == ordinary
    assert Message.objects.filter(author_address__regex=r"^dana\d").count() == ordinary
    aside = Inbound.objects.filter(state=Inbound.State.QUARANTINED)
    assert not aside.exclude(reason__startswith="takes-too-much: ").exists()
    report(
        5,
        f"{hostile} hostile among {ordinary}: {longest:.1f} s ({slowest}) and {most} MB at most, "
        f"{aside.count()} quarantined, 0 others disturbed",
    )
    assert longest <= SECONDS + 1 and most <= MEMORY
