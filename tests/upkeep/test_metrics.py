"""`/metrics`: who may read it, what it says, what it costs, that strangers cannot make it grow."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.cast import Cast, settle
from zabota.core import clock
from zabota.core.environment import env
from zabota.events.models import EventTodo, ListenerBacklog
from zabota.intake.holds import open_hold
from zabota.intake.models import Delivery, Hold, Inbound
from zabota.upkeep import figures


@pytest.fixture(autouse=True)
def counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "_inbound", figures.Tally("intake_inbound", 1))
    monkeypatch.setattr(figures, "_outbound", figures.Tally("intake_delivery", 2))


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Another environment for one test."""

    def change(**values: str) -> None:
        class Changed:
            def __getattr__(self, name: str) -> object:
                return values.get(name, getattr(env, name))

        monkeypatch.setattr("zabota.upkeep.metrics.env", Changed())

    return change


def read() -> dict[str, float]:
    response = Client().get("/metrics")
    assert response.status_code == 200
    found = re.findall(r"^(zabota_\S+) (\S+)$", response.content.decode(), re.MULTILINE)
    return {name: float(value) for name, value in found}


def test_it_says_what_came_in_and_what_went_out(cast: Cast) -> None:
    cast.receive()
    cast.receive()
    cast.accept(refuse="broken")
    settle()
    cast.accept()
    said = read()
    assert said['zabota_inbound_total{state="applied"}'] == 2
    assert said['zabota_inbound_total{state="quarantined"}'] == 1
    assert said['zabota_inbound_total{state="received"}'] == 1
    assert said["zabota_inbound_lag_seconds"] < 60
    assert said['zabota_outbound_total{state="queued"}'] == Delivery.objects.count()
    assert said['zabota_jobs{queue="inbound",state="set_aside"}'] == 1
    assert said["zabota_database_up"] == 1


def test_what_moves_between_states_is_counted_once(cast: Cast) -> None:
    pk = cast.accept(refuse="broken")
    settle()
    assert read()['zabota_inbound_total{state="quarantined"}'] == 1
    Inbound.objects.filter(pk=pk).update(state=Inbound.State.APPLIED)
    said = read()
    assert said['zabota_inbound_total{state="quarantined"}'] == 0
    assert said['zabota_inbound_total{state="applied"}'] == 1


def test_a_settled_past_is_not_read_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "MOST", 1)
    for _ in range(3):
        cast.receive()
    tally = figures.Tally("intake_inbound", 1)
    assert tally.read({0: 0})[1] == 3
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert tally.read({0: 0})[1] == 3
    (query,) = queries.captured_queries
    last = Inbound.objects.order_by("pk").last()
    assert last and f"id > {last.pk - 1} " in query["sql"]


def test_listeners_that_are_behind_show(cast: Cast) -> None:
    cast.accept()
    from zabota.tickets.receive import apply_inbound

    apply_inbound()
    assert EventTodo.objects.exists()
    name = 'zabota_listener_lag_events{listener="tickets.listeners.send_receipts"}'
    assert any(key.startswith("zabota_listener_lag_events") for key in read()), name
    assert sum(v for k, v in read().items() if k.startswith("zabota_listener_lag_events")) >= 1


def test_dead_listeners_and_holds_show(cast: Cast) -> None:
    ListenerBacklog.objects.create(
        listener="x", stream_kind="ticket", stream_id=1, seq=1, is_dead=True, retry_at=clock.now()
    )
    open_hold(Hold.Cause.BY_HAND)
    said = read()
    assert said['zabota_jobs{queue="listeners",state="dead"}'] == 1
    assert said["zabota_outbound_holds"] == 1


def test_strangers_do_not_read_it(db: None, setting: Callable[..., None]) -> None:
    assert Client(REMOTE_ADDR="203.0.113.9").get("/metrics").status_code == 404
    assert Client(REMOTE_ADDR="").get("/metrics").status_code == 404
    setting(metrics_from="203.0.113.0/24")
    assert Client(REMOTE_ADDR="203.0.113.9").get("/metrics").status_code == 200
    assert Client().get("/metrics").status_code == 404


def test_a_token_opens_it_from_anywhere(db: None, setting: Callable[..., None]) -> None:
    setting(metrics_token="a secret")
    far = Client(REMOTE_ADDR="203.0.113.9")
    assert far.get("/metrics", headers={"authorization": "Bearer a secret"}).status_code == 200
    assert far.get("/metrics", headers={"authorization": "Bearer another"}).status_code == 404


def test_addresses_and_methods_nobody_knows_make_no_new_series(db: None) -> None:
    for number in range(3):
        Client().get(f"/no-such-{number}")
        Client().generic(f"BREW{number}", "/healthz")
        Client().get(f"/tickets/{number}")
    text = Client().get("/metrics").content.decode()
    assert "no-such" not in text and "BREW" not in text
    assert 'route="unknown"' in text and 'method="other"' in text
    assert 'route="/tickets/<int:number>",status="3xx"' in text
