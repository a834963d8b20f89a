"""`/metrics` for Prometheus: the desk from its database, and what this web process has served.

Figures of the desk are the same whichever web process is asked; requests are each process's own.
"""

import logging
from collections.abc import Iterator, Mapping
from functools import cache
from hmac import compare_digest
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from zabota.core.counting import REGISTRY
from zabota.core.environment import EnvironmentProblem, env
from zabota.upkeep.figures import Figures, read_figures

log = logging.getLogger("zabota.metrics")

ProcessCollector(registry=REGISTRY)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Everything as text, for who has the token or asks from an allowed address; else a 404."""
    if not _may_read(request):
        raise Http404
    try:
        figures: Figures | None = read_figures()
    except Error as error:
        log.warning("metrics without the database: %s", type(error).__name__)
        figures = None
    desk = CollectorRegistry()
    desk.register(_Desk(figures))
    return HttpResponse(
        generate_latest(desk) + generate_latest(REGISTRY),
        content_type=CONTENT_TYPE_LATEST,
        headers={"Cache-Control": "no-store"},
    )


def _may_read(request: HttpRequest) -> bool:
    kind, _space, given = request.headers.get("Authorization", "").partition(" ")
    if env.metrics_token and kind.lower() == "bearer":
        return compare_digest(given.strip().encode(), env.metrics_token.encode())
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:  # a Unix socket: whoever reaches it is here
        return False
    return any(address in network for network in read_networks(env.metrics_from))


@cache
def read_networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """`127.0.0.1,10.0.0.0/8` as networks. Raises `EnvironmentProblem`."""
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise EnvironmentProblem(f"ZABOTA_METRICS_FROM is not understood: {error}") from error


class _Desk(Collector):
    """One look at the desk as families of metrics."""

    def __init__(self, figures: Figures | None) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        yield _gauge("zabota_database_up", "1 while the database answers", bool(self._figures))
        if self._figures:
            yield from _families(self._figures)


def _families(found: Figures) -> Iterator[Metric]:
    yield _by("zabota_inbound_total", "Ledger rows by state", "state", found.inbound)
    yield _gauge("zabota_inbound_lag_seconds", "Age of the oldest not applied", found.inbound_lag)
    yield _by("zabota_outbound_total", "Deliveries by state", "state", found.outbound)
    yield _gauge("zabota_outbound_lag_seconds", "Delay of the longest due", found.outbound_lag)
    yield _gauge("zabota_outbound_holds", "Why nothing is sent: open holds", found.holds)
    lag = GaugeMetricFamily(
        "zabota_listener_lag_events", "Events a listener has not had", labels=["listener"]
    )
    for name, count in found.listeners.items():
        lag.add_metric([name], count)
    yield lag
    jobs = GaugeMetricFamily("zabota_jobs", "What waits or is stuck", labels=["queue", "state"])
    for queue, state, count in _jobs(found):
        jobs.add_metric([queue, state], count)
    yield jobs
    yield _gauge("zabota_workers", "Worker processes at the database", found.workers)


def _jobs(found: Figures) -> Iterator[tuple[str, str, int]]:
    aside = found.inbound.get("suspended", 0) + found.inbound.get("quarantined", 0)
    yield "inbound", "waiting", found.inbound.get("received", 0)
    yield "inbound", "set_aside", aside
    yield "outbound", "waiting", found.outbound["queued"] + found.outbound["sending"]
    yield "outbound", "failed", found.outbound["failed"]
    yield "listeners", "waiting", found.parked
    yield "listeners", "dead", found.dead
    yield "chores", "waiting", found.chores


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def _by(name: str, words: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, words, labels=[label])
    for key, count in values.items():
        family.add_metric([key], count)
    return family
