"""Taking up the address a message asks to be answered at."""

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from zabota.staff.models import Agent
from zabota.tickets.answering import answer_elsewhere
from zabota.tickets.queries import messages_visible_to
from zabota.workspace.forms import said_wrong
from zabota.workspace.toasts import add_toast
from zabota.workspace.views.access import for_agents
from zabota.workspace.views.tickets import to_ticket


@require_POST
@for_agents("ticket.reply")
def answer_there(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """Answers of this ticket go to the address this message proposes."""
    message = messages_visible_to(agent).select_related("ticket").filter(pk=pk).first()
    if message is None:
        raise Http404
    try:
        identity = answer_elsewhere(message, actor=agent)
    except ValidationError as error:
        add_toast(request, said_wrong(error), icon="late")
    else:
        add_toast(request, _("Answers now go to %(address)s") % {"address": identity.value})
    return to_ticket(request, message.ticket.number)
