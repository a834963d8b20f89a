"""A burst stops everything until a supervisor has looked; what waits is not lost."""

import logging
from datetime import timedelta

import pytest

from tests.cast import Cast, events_of, settle
from zabota.core import clock
from zabota.core.environment import EnvironmentProblem
from zabota.events.models import Event
from zabota.intake import brake, deliveries
from zabota.intake.brake import Brake, Limits, limits
from zabota.intake.deliveries import send_next
from zabota.intake.holds import open_hold, open_holds, release_holds
from zabota.intake.models import Delivery, Hold
from zabota.tickets.writing import send_reply

LATER = timedelta(minutes=5)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three automatic letters a minute, three to one address; looked at before each letter."""
    monkeypatch.setattr(brake, "limits", lambda: Limits(3, 3))
    monkeypatch.setattr(brake, "PAUSE", 0.0)
    monkeypatch.setattr(deliveries, "_brake", Brake())


def _sent(cast: Cast) -> int:
    while send_next():
        pass
    return len(cast.post.sent)


def test_a_burst_is_held_and_released(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    for n in range(5):
        cast.receive(author=f"customer{n}@example.ru")  # each gets a receipt
    assert _sent(cast) == 0
    hold = open_holds().get()
    assert (hold.cause, hold.reason) == (Hold.Cause.BURST, "automatic within a minute: 5")
    assert [r.levelno for r in caplog.records if "nothing is sent" in r.message] == [logging.ERROR]
    assert release_holds(agent_id=cast.vera.pk) == 1
    assert _sent(cast) == 5, "what somebody let go does not stop everything again"
    kinds = Event.objects.filter(stream_kind="hold").order_by("id")
    assert list(kinds.values_list("kind", "actor_kind")) == [
        ("hold.opened", "system"),
        ("hold.released", "agent"),
    ]


def test_no_burst(cast: Cast) -> None:
    for n in range(6):
        with clock.at(clock.now() - timedelta(minutes=2 * n)):
            cast.receive(author=f"customer{n}@example.ru")
    assert _sent(cast) == 6
    assert not open_holds().exists()


def test_one_address_again_and_again(cast: Cast) -> None:
    ticket = cast.receive()
    for n in range(4):
        send_reply(ticket, f"Ответ {n}", actor=cast.anna)
    with clock.at(clock.now() + LATER):
        assert _sent(cast) == 0
        assert open_holds().get().reason == "to one address within ten minutes: 5"


@pytest.mark.parametrize("cause", list(Hold.Cause))
def test_while_one_is_open_nothing_leaves(cast: Cast, cause: Hold.Cause) -> None:
    ticket = cast.receive()
    assert open_hold(cause)
    assert not open_hold(cause), "once is enough"
    assert _sent(cast) == 0
    assert Delivery.objects.get().state == Delivery.State.QUEUED
    release_holds(causes=[cause])
    assert _sent(cast) == 1
    settle()
    assert events_of(ticket) == ["ticket.opened", "receipt.queued"]


def test_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    read = limits.__wrapped__
    monkeypatch.setenv("ZABOTA_BRAKE", "10/5")
    assert read() == Limits(10, 5)
    monkeypatch.setenv("ZABOTA_BRAKE", "off")
    assert read() is None
    monkeypatch.setenv("ZABOTA_BRAKE", "many")
    with pytest.raises(EnvironmentProblem, match="ZABOTA_BRAKE"):
        read()
