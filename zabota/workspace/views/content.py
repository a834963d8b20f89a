"""What strangers sent, behind walls: their HTML in a sandbox, their files only as downloads."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from zabota.core.html import inline_pictures, place_inline, place_remote
from zabota.files.actions import open_blob
from zabota.staff.models import Agent
from zabota.tickets.queries import attachments_visible_to, messages_visible_to
from zabota.workspace.pages import jinja
from zabota.workspace.views.access import for_agents
from zabota.workspace.views.pictures import inline_addresses, remote_address

FRAME_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'; "
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"
)
FILE_POLICY = "sandbox; default-src 'none'"


@require_safe
@for_agents("ticket.view")
def original(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """A message's HTML as it was sent, already made harmless, under a policy of its own.

    `?pictures=1` shows those from afar too, fetched by us.
    """
    html = messages_visible_to(agent).filter(pk=pk).values_list("html", flat=True).first()
    if not html:
        raise Http404
    if inline_pictures(html):
        html = place_inline(html, inline_addresses(pk, agent).get)
    if "pictures" in request.GET:
        html = place_remote(html, lambda address: remote_address(pk, agent, address))
    page = jinja().get_template("original.html").render(html=html)
    headers = {"Content-Security-Policy": FRAME_POLICY, "Cache-Control": "private, max-age=3600"}
    return HttpResponse(page, headers=headers)


@require_safe
@for_agents("ticket.view")
def attachment(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """A file to keep, never to show: the browser is told not to guess what it is."""
    row = attachments_visible_to(agent).filter(pk=pk).first()
    if row is None:
        raise Http404
    try:
        with open_blob(row.blob) as file:
            content = file.read()
    except FileNotFoundError:
        raise Http404 from None
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(True, row.filename) or "attachment"
    response["Content-Security-Policy"] = FILE_POLICY
    response["Cache-Control"] = "private, no-store"
    return response
