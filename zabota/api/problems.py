"""How this door says no: `application/problem+json` (RFC 9457), whatever went wrong."""

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any

import ninja.errors
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from pydantic import BaseModel

log = logging.getLogger("zabota.api")

MEDIA_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    """What is wrong with one part of the request: `pointer` into the body, or a `parameter`."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None


class Problem(BaseModel):
    """RFC 9457; `errors` is there when the request itself is wrong."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None


class Refused(Exception):
    """Stop here and answer so."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Iterable[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.errors, self.headers = list(errors), headers


def wrong_field(name: str, detail: str) -> Refused:
    """The body's field `name` says something that cannot be."""
    return Refused(422, detail, errors=[FieldProblem(detail=detail, pointer=f"#/{name}")])


def wrong_parameter(name: str, detail: str) -> Refused:
    """The query's `name` says something that cannot be."""
    return Refused(422, detail, errors=[FieldProblem(detail=detail, parameter=name)])


def answer(
    status: int,
    detail: str = "",
    *,
    errors: Iterable[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """A problem as a response."""
    title = HTTPStatus(status).phrase
    problem = Problem(
        title=title, status=status, detail=detail or title, errors=list(errors) or None
    )
    body = problem.model_dump_json(exclude_none=True)
    return HttpResponse(body, status=status, content_type=MEDIA_TYPE, headers=headers)


def _refused(error: Refused) -> HttpResponse:
    return answer(error.status, error.detail, errors=error.errors, headers=error.headers)


def _invalid(error: ninja.errors.ValidationError) -> HttpResponse:
    return answer(422, "The request is not as it should be", errors=map(_field, error.errors))


def _field(error: Mapping[str, Any]) -> FieldProblem:
    source, *path = error["loc"]
    if source == "body":  # the first step is the name of the view's argument
        return FieldProblem(detail=error["msg"], pointer=_pointer(path[1:]))
    return FieldProblem(detail=error["msg"], parameter=str(path[-1]) if path else None)


def _pointer(path: Iterable[str | int]) -> str:
    """A JSON pointer as a fragment (RFC 6901 §6)."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return "#" + "".join(f"/{step}" for step in steps)


def _failed(error: Exception) -> HttpResponse:
    log.error("the API failed", exc_info=error)
    return answer(500, "Something went wrong here; it has been noted")


ANSWERS: dict[type[Exception], Callable[[Any], HttpResponse]] = {
    Refused: _refused,
    ninja.errors.ValidationError: _invalid,
    ninja.errors.HttpError: lambda error: answer(error.status_code, error.message),
    ValidationError: lambda error: answer(422, " ".join(error.messages)),
    PermissionDenied: lambda error: answer(403, str(error)),
    Http404: lambda error: answer(404),
    RequestDataTooBig: lambda error: answer(413),
    SuspiciousOperation: lambda error: answer(400),
    UnreadablePostError: lambda error: answer(400),
    OperationalError: lambda error: answer(503, headers={"Retry-After": "5"}),
    InterfaceError: lambda error: answer(503, headers={"Retry-After": "5"}),
    Exception: _failed,
}

View = Callable[..., HttpResponse]


def in_problems(view: View) -> View:
    """The view, whose refusals are problems too, with what every answer of the API has in common.

    HEAD is answered like GET (RFC 9110 §9.3.2); the server leaves the body out. No cookie is ever
    looked at, so there is nothing to forge.
    """

    @wraps(view)
    def answering(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        asked = request.method
        request.method = "GET" if asked == "HEAD" else asked
        try:
            response = view(request, **kwargs)
        except Http404:
            response = answer(404)
        finally:
            request.method = asked
        if response.status_code == 405:
            response = answer(405, headers={"Allow": _with_head(response["Allow"])})
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return csrf_exempt(answering)


def _with_head(allowed: str) -> str:
    methods = set(allowed.split(", "))
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


@in_problems
def not_found(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """Whatever else there is under `/api/`."""
    raise Http404
