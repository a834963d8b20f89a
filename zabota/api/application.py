"""`/api/v1`: one application, described by itself at `/api/v1/openapi.json`."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import pydantic_core
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.renderers import JSONRenderer

from zabota.api.problems import ANSWERS, MEDIA_TYPE, Problem
from zabota.api.views import attachments, events, messages, search, tickets

DESCRIPTION = """Tickets, their conversations, and the feed of everything that happens.

Send `Authorization: Bearer <token>`; `zabota token create` makes one. Lists come as
`{"items": […], "next": cursor or null}`, times as RFC 3339 in UTC, errors as RFC 9457."""


class Renderer(JSONRenderer):
    """JSON in which times end in Z."""

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return pydantic_core.to_json(data)


class Application(NinjaAPI):
    """django-ninja, with problems in the schema as they are in the answers."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        return self.described

    @cached_property
    def described(self) -> OpenAPISchema:
        """The schema, made once: it takes a quarter of a second, and strangers may ask for it."""
        schema = super().get_openapi_schema()
        for methods in schema["paths"].values():
            for operation in methods.values():
                _describe_problems(operation["responses"])
        return schema

    def on_exception(self, request: HttpRequest, exc: Any) -> HttpResponse:
        answering = next(ANSWERS[cls] for cls in type(exc).__mro__ if cls in ANSWERS)
        return answering(exc)


def _describe_problems(responses: Mapping[int, dict[str, Any]]) -> None:
    reference = {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}
    for status, response in responses.items():
        if status >= 400:
            response["content"] = {MEDIA_TYPE: reference}


application = Application(
    title="Zabota",
    version="1",
    description=DESCRIPTION,
    docs_url=None,
    docs_decorator=require_safe,
    renderer=Renderer(),
)
for module in (tickets, messages, attachments, search, events):
    application.add_router("", module.router)
