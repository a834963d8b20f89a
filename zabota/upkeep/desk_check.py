"""`zabota check`, the part that asks the desk itself: migrations, worker, queues, inboxes."""

from collections.abc import Iterator

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from zabota.events.models import ListenerBacklog
from zabota.intake.holds import open_holds
from zabota.intake.models import InboxHealth
from zabota.upkeep.checkup import LATE, Finding, note, ok, wrong
from zabota.upkeep.figures import Figures, read_figures


def check_desk() -> Iterator[Finding]:
    """Every part that rows tell of. Raises the database's errors."""
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        yield wrong("migrations", f"{len(pending)} are pending", "run zabota migrate")
        return
    yield ok("migrations", "all are applied")
    figures = read_figures(everything=False)
    yield _worker(figures)
    yield _ledger(figures)
    yield _outbox(figures)
    yield _listeners(figures)
    yield from _inboxes()


def _worker(found: Figures) -> Finding:
    if not found.workers:
        return wrong("worker", "none runs", "start one: zabota run, or zabota worker")
    return ok("worker", f"{found.workers} running")


def _ledger(found: Figures) -> Finding:
    waiting = found.inbound["received"]
    words = f"{waiting} waiting, the oldest for {found.inbound_lag:.0f} s"
    if found.inbound_lag > LATE:
        return wrong("ledger", words, "see that a worker runs, and its log")
    aside = found.inbound["suspended"] + found.inbound["quarantined"]
    return (
        note("ledger", f"{words}; {aside} set aside", "look at /inbound")
        if aside
        else ok("ledger", words)
    )


def _outbox(found: Figures) -> Finding:
    failed = found.outbound["failed"]
    if hold := open_holds().first():
        words = (
            f"nothing is sent since {hold.since:%Y-%m-%d %H:%M} ({hold.Cause(hold.cause).label})"
        )
        return wrong("outbox", words, "look at /outbox, then run zabota release")
    words = f"{found.outbound['queued']} waiting, {failed} failed"
    if found.outbound_lag > LATE:
        late = f"{words}, the longest {found.outbound_lag:.0f} s late"
        return wrong("outbox", late, "see that a worker runs, and /outbox for the reasons")
    return note("outbox", words, "look at /outbox") if failed else ok("outbox", words)


def _listeners(found: Figures) -> Finding:
    behind = sum(found.listeners.values())
    if found.dead:
        oldest = ListenerBacklog.objects.filter(is_dead=True).order_by("pk")[0]
        words = f"{found.dead} gave up, first {oldest.listener}"
        return wrong("listeners", words, "look at /settings/dead-letters")
    if found.parked:
        return note("listeners", f"{found.parked} failed and try again", "see the worker's log")
    return ok("listeners", f"{behind} events to hand out")


def _inboxes() -> Iterator[Finding]:
    troubled = InboxHealth.objects.exclude(trouble="").select_related("inbox")
    active = troubled.filter(inbox__is_active=True).order_by("inbox__address")
    for health in active:
        since = f" since {health.trouble_since:%Y-%m-%d %H:%M}" if health.trouble_since else ""
        yield wrong(f"inbox {health.inbox.address}", f"{health.trouble}{since}", "see the inboxes")
    if not active:
        yield ok("inboxes", "none reports trouble")
