"""A request's id, in logs and in the answer; how long it took."""

import logging
import re
import secrets
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from zabota.core.counting import count_request, route_of
from zabota.core.environment import env
from zabota.core.logs import RequestLine, current_request

log = logging.getLogger("zabota.request")

# What a proxy in front may call it; anything else could be somebody's words, or forge a line.
_AN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestContext:
    """Give every request an id and count it; log slow and failed ones, as JSON every one.

    Lines name the route, never the address asked for: that may hold what somebody searched for.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        given = request.headers.get("X-Request-ID", "")
        request.id = given if _AN_ID.fullmatch(given) else secrets.token_hex(6)  # type: ignore[attr-defined]
        token = current_request.set(RequestLine(request.id))  # type: ignore[attr-defined]
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = request.id  # type: ignore[attr-defined]
            _note(request, response.status_code, time.perf_counter() - started)
        finally:
            current_request.reset(token)
        return response


def _note(request: HttpRequest, status: int, seconds: float) -> None:
    count_request(request, status, seconds)
    is_bad = seconds > 1 or status >= 500
    if not is_bad and env.log_format != "json":
        return
    route, milliseconds = route_of(request), round(seconds * 1000)
    log.log(
        logging.WARNING if is_bad else logging.INFO,
        "%s %s %s %d ms",
        request.method,
        route,
        status,
        milliseconds,
        extra={
            "route": route,
            "method": request.method,
            "status": status,
            "ms": milliseconds,
            "agent": _agent(request),
        },
    )


def _agent(request: HttpRequest) -> int | None:
    """Who asked, if that was looked up already: nobody waits for the database for a log line."""
    agent = getattr(request, "_cached_user", None)
    return agent.pk if agent is not None else None
