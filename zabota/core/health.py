"""`/healthz`: this process answers. `/readyz`: it can serve, and keep what it is given."""

import shutil
import time
from collections.abc import Callable
from functools import cache

from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from zabota.core.environment import env

GOOD_FOR = 5.0  # seconds: whoever watches may ask often, and many may watch
ROOM = 64 * 1024**2  # for the largest mail and what is made of it, and for some segments of WAL
# A row of the shared cache: nobody reads it, and to commit it is what every action has to do.
WRITE = """
INSERT INTO core_cache (cache_key, value, expires) VALUES ('readyz', '', now() + interval '1 hour')
ON CONFLICT (cache_key) DO UPDATE SET expires = EXCLUDED.expires
"""


class Probe:
    """Asks at most every `GOOD_FOR` seconds whether something works: None, or why it does not."""

    def __init__(self, ask: Callable[[], str | None]) -> None:
        self._ask = ask
        self._asked_at = float("-inf")
        self._said: str | None = None

    def problem(self) -> str | None:
        """What it said when it was last asked."""
        if time.monotonic() - self._asked_at > GOOD_FOR:
            self._said = self._ask()
            self._asked_at = time.monotonic()
        return self._said

    def forget(self) -> None:
        """Let it be asked anew."""
        self._asked_at = float("-inf")


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Always 200 while the process lives."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when what comes in can be kept: the database answers, is as this version wants it and
    takes changes; there is room for it and for files. Else 503 with the reason."""
    problem = _schema_problem() or next((p for probe in PROBES if (p := probe.problem())), None)
    body = {"status": "unavailable", "reason": problem} if problem else {"status": "ok"}
    return JsonResponse(body, status=503 if problem else 200)


def _schema_problem() -> str | None:
    try:
        pending = _known_migrations() - MigrationRecorder(connection).applied_migrations().keys()
    except Error:
        return "the database does not answer"
    return "migrations are pending: run `zabota migrate`" if pending else None


@cache  # it reads every file; asked every few seconds by whoever watches
def _known_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


def _write_problem() -> str | None:
    """A full disk, a standby, a server set to read only: all answer, and keep nothing."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(WRITE)
    except Error:
        return "the database takes no changes"
    return None


def _room_problem() -> str | None:
    """Before the disk is full: the embedded server does not survive that on its feet."""
    if env.database_url:
        return None
    cluster = env.data_dir / "postgres"
    there = cluster if cluster.exists() else env.data_dir
    return "no room for the database" if shutil.disk_usage(there).free < ROOM else None


PROBES = [Probe(_room_problem), Probe(_write_problem)]
