"""Answering elsewhere: at the address a message asks for, or at one an agent corrects."""

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from zabota.customers.models import Identity
from zabota.staff.models import Agent
from zabota.tickets.answering import answer_elsewhere, send_elsewhere
from zabota.tickets.models import Message
from zabota.tickets.queries import messages_visible_to
from zabota.workspace.forms import said_wrong
from zabota.workspace.toasts import add_toast
from zabota.workspace.views.access import for_agents
from zabota.workspace.views.tickets import to_ticket


@require_POST
@for_agents("ticket.reply")
def answer_there(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """Answers of this ticket go to the address this message proposes."""
    return _answered(request, agent, pk, lambda message: answer_elsewhere(message, actor=agent))


@require_POST
@for_agents("ticket.reply")
def send_there(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """A reply that did not arrive goes to the address of the form, and so do later answers."""
    value = request.POST.get("address", "")
    return _answered(
        request, agent, pk, lambda message: send_elsewhere(message, value, actor=agent)
    )


def _answered(
    request: HttpRequest, agent: Agent, pk: int, work: Callable[[Message], Identity]
) -> HttpResponse:
    message = messages_visible_to(agent).select_related("ticket").filter(pk=pk).first()
    if message is None:
        raise Http404
    try:
        identity = work(message)
    except ValidationError as error:
        add_toast(request, said_wrong(error), icon="late")
    else:
        add_toast(request, _("Answers now go to %(address)s") % {"address": identity.value})
    return to_ticket(request, message.ticket.number)
