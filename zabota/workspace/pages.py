"""Whole pages and fragments from one source.

A page is a template and the builders of its parts. Asked with `Zabota-Fragments: thread,list` only
those parts are drawn, from `fragments/<name>.html`, and only their builders run: the live screen
asks so.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.template.backends.utils import csrf_input
from jinja2 import Environment

from zabota.workspace.toasts import take_toasts
from zabota.workspace.words import speaking

Context = Mapping[str, Any]
Builders = Mapping[str, Callable[[], Context]]
HEADER = "Zabota-Fragments"
ANSWER = {"Cache-Control": "no-store", "Vary": HEADER}


def jinja() -> Environment:
    """The environment Django's Jinja2 backend made."""
    backend: Any = engines["jinja2"]
    env: Environment = backend.env
    return env


def is_fragment(request: HttpRequest) -> bool:
    """Whether only parts of the page are asked for."""
    return HEADER in request.headers


def render_page(
    request: HttpRequest, template: str, builders: Builders, *, status: int = 200, **extra: Any
) -> HttpResponse:
    """The page, or those of its fragments that are asked for."""
    context = {
        "request": request,
        "csrf_input": csrf_input(request),  # once, for every form of the page
        "theme": getattr(request.user, "theme", ""),
        "toasts": (),
        **extra,
    }
    if is_fragment(request):
        names = [name for name in request.headers[HEADER].split(",") if name in builders]
        with speaking():
            html = "".join(_fragment(name, builders[name], context) for name in names)
    else:
        for build in builders.values():
            context |= build()
        context["toasts"] = take_toasts(request)
        with speaking():
            html = jinja().get_template(template).render(context)
    return HttpResponse(html, status=status, headers=ANSWER)


def _fragment(name: str, build: Callable[[], Context], context: dict[str, Any]) -> str:
    return jinja().get_template(f"fragments/{name}.html").render({**context, **build()})
