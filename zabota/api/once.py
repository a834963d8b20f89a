"""`Idempotency-Key`: a POST sent twice happens once, and is answered the same both times.

draft-ietf-httpapi-idempotency-key-header; the answer and the effect stand in one transaction.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.db import connection, transaction
from django.http import HttpResponse
from ninja.params.models import Header
from ninja.utils import contribute_operation_args
from pydantic import BaseModel

from zabota.api.access import ApiRequest
from zabota.api.models import Answer
from zabota.api.problems import Refused
from zabota.core import clock

KEPT = timedelta(hours=24)
CREATED = 201
HELP = (
    "The same key with the same body within a day gets the same answer, and nothing happens twice."
)

Post = Callable[..., BaseModel]


def once(view: Post) -> Callable[..., HttpResponse]:
    """Do what the view does in one transaction, once for each key; its answer is 201."""

    @wraps(view)
    def answering(
        request: ApiRequest, *args: Any, idempotency_key: str | None, **kwargs: Any
    ) -> HttpResponse:
        with transaction.atomic():
            if idempotency_key and (given := _given(request, idempotency_key)):
                return given
            body = view(request, *args, **kwargs).model_dump_json()
            if idempotency_key:
                _keep(request, idempotency_key, body)
            return _respond(body)

    # Printable ASCII, as the draft has it.
    key = Header(
        None, alias="Idempotency-Key", pattern="^[ -~]+$", max_length=255, description=HELP
    )
    contribute_operation_args(answering, "idempotency_key", str | None, key)  # type: ignore[arg-type]
    return answering


def forget_answers() -> None:
    """Throw away answers older than a day."""
    Answer.objects.filter(created_at__lt=clock.now() - KEPT).delete()


def _given(request: ApiRequest, key: str) -> HttpResponse | None:
    """The answer given before, or None if this is the first time; then the key is ours."""
    if not _take(f"{request.auth.pk}:{key}"):
        raise Refused(409, "A request with this key is being answered; try again in a moment")
    row = Answer.objects.filter(token=request.auth, key=key).first()
    if row is None:
        return None
    if row.created_at < clock.now() - KEPT:
        row.delete()
        return None
    if bytes(row.request_hash) != _hash(request):
        raise Refused(422, "This key was used for another request")
    response = _respond(row.body, row.status)
    response["Idempotent-Replayed"] = "true"
    return response


def _take(name: str) -> bool:
    """Hold this name until the transaction ends; False if somebody else does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_number(name)])
        return bool(cursor.fetchone()[0])


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


def _keep(request: ApiRequest, key: str, body: str) -> None:
    Answer.objects.create(
        token=request.auth,
        key=key,
        request_hash=_hash(request),
        status=CREATED,
        body=body,
        created_at=clock.now(),
    )


def _hash(request: ApiRequest) -> bytes:
    return hashlib.sha256(f"{request.method} {request.path}\n".encode() + request.body).digest()


def _respond(body: str, status: int = CREATED) -> HttpResponse:
    return HttpResponse(body, status=status, content_type="application/json")
