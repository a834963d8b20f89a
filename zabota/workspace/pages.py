"""Whole pages and fragments from one source.

A page is a template and the builders of its parts. Asked with `Zabota-Fragments: thread,list` only
those blocks are drawn, and only their builders run; the live screen asks so.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.template.backends.utils import csrf_input_lazy
from jinja2 import Environment
from jinja2_fragments import render_blocks

Context = Mapping[str, Any]
Builders = Mapping[str, Callable[[], Context]]
HEADER = "Zabota-Fragments"


def jinja() -> Environment:
    """The environment Django's Jinja2 backend made."""
    return engines["jinja2"].env  # type: ignore[no-any-return]


def wanted_fragments(request: HttpRequest, known: Iterable[str]) -> list[str]:
    """The fragments this request asks for, those the page has; none means the whole page."""
    asked = request.headers.get(HEADER, "")
    return [name for name in asked.split(",") if name in known] if asked else []


def render_page(
    request: HttpRequest, template: str, builders: Builders, *, status: int = 200, **extra: Any
) -> HttpResponse:
    """The page, or the blocks of it that are asked for; a builder has the name of its block."""
    names = wanted_fragments(request, builders)
    context = {
        "request": request,
        "csrf_input": csrf_input_lazy(request),
        "theme": getattr(request.user, "theme", ""),
        **extra,
    }
    for name in names or builders:
        context |= builders[name]()
    if names:
        html = render_blocks(jinja(), template, names, context)
    else:
        html = jinja().get_template(template).render(context)
    response = HttpResponse(html, status=status)
    response.headers["Vary"] = HEADER
    response.headers["Cache-Control"] = "no-store"
    return response
