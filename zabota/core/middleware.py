"""A request's id, in logs and in the answer."""

import logging
import secrets
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

log = logging.getLogger("zabota.request")


class RequestContext:
    """Give every request an id; log slow and failed ones without query strings or personal text."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        request.id = secrets.token_hex(6)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-ID"] = request.id  # type: ignore[attr-defined]
        spent = time.perf_counter() - started
        if spent > 1 or response.status_code >= 500:
            log.warning(
                "%s %s %s %d ms id=%s",
                request.method,
                request.path,
                response.status_code,
                spent * 1000,
                request.id,  # type: ignore[attr-defined]
            )
        return response
