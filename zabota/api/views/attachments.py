"""Files of messages and notes."""

from typing import Any

from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header
from ninja import Router

from zabota.api.access import READ, ApiRequest, agent_of
from zabota.api.answers import answers
from zabota.core.text import clean_line
from zabota.files.actions import open_blob
from zabota.tickets.queries import attachments_visible_to

router = Router(tags=["messages"])

BYTES = "application/octet-stream"
POLICY = "sandbox; default-src 'none'"
DESCRIBED: dict[str, Any] = {"responses": {200: {"content": {BYTES: {"schema": {}}}}}}


@router.get(
    "/attachments/{int:pk}", response=answers(None, 404), auth=READ, openapi_extra=DESCRIBED
)
def download_attachment(request: ApiRequest, pk: int) -> HttpResponse:
    """The bytes of a file, whatever they say they are. Scope `tickets:read`."""
    row = attachments_visible_to(agent_of(request)).filter(pk=pk).first()
    if row is None:
        raise Http404
    try:
        with open_blob(row.blob) as file:
            content = file.read()
    except FileNotFoundError:
        raise Http404 from None
    name = clean_line(row.filename, 255)
    headers = {
        "Content-Disposition": content_disposition_header(True, name) or "attachment",
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(content, content_type=BYTES, headers=headers)
