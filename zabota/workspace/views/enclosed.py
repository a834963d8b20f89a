"""A letter inside a letter: what it says, without opening the file in another program."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from zabota.files.actions import open_blob
from zabota.intake.protocol import InboundMessage, InboundRefused
from zabota.intake.registry import channel_of
from zabota.staff.models import Agent
from zabota.tickets.models import Attachment
from zabota.tickets.queries import attachments_visible_to
from zabota.workspace.context.desk import Desk
from zabota.workspace.context.thread import LETTER
from zabota.workspace.pages import render_page
from zabota.workspace.views.access import for_agents

NO_LETTER = 415
LARGEST = 25 * 1024 * 1024
# To the channel it looks as if it had ended a worker: such a one is read with care, not here.
WITH_CARE = {"tries": 1}


@require_safe
@for_agents("ticket.view")
def enclosed_letter(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """The words of an attached letter; its own files and markup stay in the file."""
    row = attachments_visible_to(agent).filter(pk=pk).select_related("blob", "ticket").first()
    if row is None:
        raise Http404
    letter = _read(row)
    if letter is None:
        return HttpResponse(status=NO_LETTER)
    return render_page(
        request,
        "enclosed.html",
        Desk(agent).builders(),
        place="ticket",
        ticket=row.ticket,
        file=row,
        letter=letter,
        names=[file.filename for file in letter.files],
    )


def _read(row: Attachment) -> InboundMessage | None:
    if row.content_type.lower() != LETTER or row.size > LARGEST:
        return None
    try:
        with open_blob(row.blob) as file:
            return channel_of(row.ticket.channel).parse(file.read(), WITH_CARE)
    except FileNotFoundError:
        raise Http404 from None
    except InboundRefused:
        return None
