"""Fault 2: answers through a real Postfix while connections to it are cut after DATA."""

import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.fault import is_full, report
from tests.faults.cutting import Cut, Cutter
from tests.intake.postfix import need_postfix, run_postfix, wait_for_port
from tests.ports import free_port
from tests.upkeep.desks import Post, a_post
from tests.waiting import until
from zabota.company.actions import ensure_company
from zabota.core import clock
from zabota.core.environment import env
from zabota.intake.actions import add_inbox
from zabota.intake.deliveries import NewDelivery, queue_deliveries, send_next
from zabota.intake.models import Delivery, Inbox
from zabota.intake.protocol import Address, OutboundMessage

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
ANSWERS = 500 if is_full() else 30
MOST_REPEATED = 0.005
SETTINGS = "relayhost = [127.0.0.1]:{port}\nsmtp_destination_concurrency_limit = 20\n"


@pytest.fixture
def inbox() -> Inbox:
    ensure_company("en")
    return add_inbox("help@example.com")[0]


@dataclass(frozen=True)
class Relay:
    """A Postfix, and whoever gets in the end what it passes on."""

    folder: Path
    port: int
    post: Post

    def has_passed_all_on(self) -> bool:
        queues = (self.folder / "queue" / name for name in ("incoming", "active", "deferred"))
        return not any(path.is_file() for queue in queues for path in queue.rglob("*"))


@pytest.fixture
def relay() -> Iterator[Relay]:
    need_postfix()
    with a_post() as (post, sink), tempfile.TemporaryDirectory(prefix="zabota-postfix-") as made:
        port = free_port()
        with run_postfix(Path(made), port, SETTINGS.format(port=sink)):
            wait_for_port(port)
            yield Relay(Path(made), port, post)


def test_connections_cut_at_any_byte_after_data(
    inbox: Inbox, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    cutter = Cutter(relay.port, random.Random(2), often=0.2)
    repeats = send_all(inbox, relay, cutter, monkeypatch)
    assert repeats <= cutter.cuts[Cut.BEFORE_REPLY], "only what was taken and we were not told"
    assert repeats <= MOST_REPEATED * ANSWERS
    report(
        2,
        f"{ANSWERS} answers through Postfix, {cutter.cuts.total()} of {cutter.connections}"
        f" connections cut after DATA ({said(cutter)}): 0 lost,"
        f" {repeats} repeated ({100 * repeats / ANSWERS:.1f} %), each under its own Message-ID",
    )


def test_whose_250_is_swallowed_is_sent_again_under_the_same_id(
    inbox: Inbox, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can know then whether it was taken (RFC 1047): rather twice than not at all."""
    cutter = Cutter(relay.port, random.Random(2), often=0.2, only_reply=True)
    repeats = send_all(inbox, relay, cutter, monkeypatch)
    swallowed = cutter.cuts[Cut.BEFORE_REPLY]
    assert repeats == swallowed > 0
    report(2, f"the 250 itself swallowed {swallowed} times: 0 lost, {repeats} repeated, same id")


def said(cutter: Cutter) -> str:
    return ", ".join(f"{cutter.cuts[cut]} {cut.value}" for cut in Cut if cutter.cuts[cut])


def send_all(inbox: Inbox, relay: Relay, cutter: Cutter, monkeypatch: pytest.MonkeyPatch) -> int:
    """Send until nothing waits; the number of repeats. Fails if anything was lost or renamed."""
    through = replace(env, outgoing_mail=f"smtp://127.0.0.1:{cutter.port}")
    monkeypatch.setattr("zabota.channels.email.send.env", through)
    monkeypatch.setattr("zabota.intake.deliveries._brake.check", lambda: None)
    names = queue(inbox)
    waiting = Delivery.objects.filter(state=Delivery.State.QUEUED)
    while waiting.update(due_at=clock.now()):
        while send_next():
            pass
    cutter.close()
    assert Delivery.objects.filter(state=Delivery.State.SENT).count() == ANSWERS
    taken = relay.post.taken
    until(lambda: len(set(taken)) >= ANSWERS)
    until(relay.has_passed_all_on)  # the repeated ones, too
    assert set(taken) == set(names.items()), "each arrived, under its own id, where it should"
    return len(taken) - ANSWERS


def queue(inbox: Inbox) -> dict[str, str]:
    """Answers to as many people; Message-ID to recipient."""
    names = {f"<answer-{i}@example.com>": f"dana{i}@far.example" for i in range(ANSWERS)}
    queue_deliveries(
        [
            NewDelivery(
                inbox=inbox,
                message=OutboundMessage(
                    external_id=name.strip("<>"),
                    sender=Address("help@example.com", "Help"),
                    to=(Address(recipient, "Dana"),),
                    subject="Re: Hello",
                    text="It is on its way. " * 500,
                ),
                subject_kind="ticket",
                subject_id=1,
            )
            for name, recipient in names.items()
        ]
    )
    return names
