"""Pictures of strangers, drawn anew: those of a message, and those it asks for from afar.

Drawn for each request: a photo of a telephone takes 90 ms small and 0.8 s large, a browser keeps
it for a week, and a copy that is stored is one more thing to erase.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from zabota.core.outbound import OutboundRefused, Question, ask
from zabota.files.actions import open_blob
from zabota.files.pictures import LARGE, MOST_BYTES, SMALL, NotAPicture, may_be_picture, redraw
from zabota.staff.models import Agent
from zabota.tickets.models import Attachment
from zabota.tickets.queries import attachments_visible_to, messages_visible_to
from zabota.workspace.signed import sign, signed_by
from zabota.workspace.views.access import AgentView, View, for_agents

P = ParamSpec("P")
POLICY = "sandbox; default-src 'none'"
KEPT = "private, max-age=604800, immutable"
SIZES = {"small": SMALL, "": LARGE}
QUESTION = Question(headers={"Accept": "image/*"}, most_bytes=MOST_BYTES, redirects=3)
NO_PICTURE, BAD_GATEWAY = 415, 502


def for_frames(permission: str) -> Callable[[AgentView[P]], View[P]]:
    """Like `for_agents`, and also by an address that was signed for an agent."""

    def decorate(view: AgentView[P]) -> View[P]:
        by_session = for_agents(permission)(view)

        @wraps(view)
        def check(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if "sign" not in request.GET:
                return by_session(request, *args, **kwargs)
            agent = signed_by(request.path, request.GET.dict())
            if agent is None or not agent.may(permission):
                raise Http404
            return view(request, agent, *args, **kwargs)

        return check  # type: ignore[return-value]  # `wraps` says it takes what it wraps

    return decorate


@require_safe
@for_frames("ticket.view")
def attached(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """An attached picture, `?size=small` beside others. What is none, or too much, is a 415."""
    row = attachments_visible_to(agent).filter(pk=pk).first()
    if row is None:
        raise Http404
    if not may_be_picture(row.content_type, row.size):
        return HttpResponse(status=NO_PICTURE)
    try:
        with open_blob(row.blob) as file:
            content = file.read()
    except FileNotFoundError:
        raise Http404 from None
    return _drawn(content, SIZES.get(request.GET.get("size", ""), LARGE))


@require_safe
@for_frames("ticket.view")
def remote(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """A picture from afar that a message shows, fetched by us: `u` is its address, signed."""
    if not messages_visible_to(agent).filter(pk=pk).exists():
        raise Http404
    address = request.GET.get("u", "")
    if not address or signed_by(request.path, request.GET.dict()) != agent:
        return HttpResponse(status=400)  # we are nobody's proxy
    if not connection.in_atomic_block:
        connection.close()  # others need it more while we wait
    try:
        answer = ask(address, QUESTION)
    except OutboundRefused:
        return HttpResponse(status=BAD_GATEWAY)
    if answer.status != 200:
        return HttpResponse(status=BAD_GATEWAY)
    return _drawn(answer.content, LARGE)


def _drawn(content: bytes, longest: int) -> HttpResponse:
    try:
        picture = redraw(content, longest)
    except NotAPicture:
        return HttpResponse(status=NO_PICTURE)
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": KEPT}
    return HttpResponse(picture.content, content_type=picture.content_type, headers=headers)


def inline_addresses(message_id: int, agent: Agent) -> dict[str, str]:
    """Where the pictures of a message are, by what its HTML calls them."""
    rows = Attachment.objects.filter(message_id=message_id).exclude(content_id="")
    return {
        content_id: sign(reverse("picture", args=[pk]), agent)
        for pk, content_id, kind, size in rows.values_list(
            "pk", "content_id", "content_type", "size"
        )
        if may_be_picture(kind, size)
    }


def remote_address(message_id: int, agent: Agent, address: str) -> str:
    """Where we show a picture from afar."""
    return sign(reverse("remote_picture", args=[message_id]), agent, u=address)
