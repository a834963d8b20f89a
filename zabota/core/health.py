"""`/healthz`: this process answers. `/readyz`: it can serve."""

from functools import cache

from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Always 200 while the process lives."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and is as this version wants it, else 503 with the reason."""
    problem = _problem()
    body = {"status": "unavailable", "reason": problem} if problem else {"status": "ok"}
    return JsonResponse(body, status=503 if problem else 200)


def _problem() -> str | None:
    try:
        pending = _known_migrations() - MigrationRecorder(connection).applied_migrations().keys()
    except Error:
        return "the database does not answer"
    return "migrations are pending: run `zabota migrate`" if pending else None


@cache  # it reads every file; asked every few seconds by whoever watches
def _known_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)
