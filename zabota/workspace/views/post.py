"""Mail that has not gone out, and what could not be taken in."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from zabota.core.environment import env
from zabota.intake.actions import retry_inbound
from zabota.intake.deliveries import retry_delivery
from zabota.intake.models import Delivery, Inbound
from zabota.intake.queries import outbox_visible_to, raw_bytes, set_aside_visible_to
from zabota.staff.models import Agent
from zabota.tickets.actions import as_actor
from zabota.tickets.models import Ticket
from zabota.tickets.queries import tickets_visible_to
from zabota.workspace.context.desk import Desk
from zabota.workspace.pages import render_page
from zabota.workspace.toasts import add_toast
from zabota.workspace.views.access import for_agents
from zabota.workspace.views.tickets import to_ticket

PAGE = 100


@require_safe
@for_agents("intake.manage")
def outbox(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Letters that wait or failed, and what to do about it."""
    letters = list(outbox_visible_to(agent).defer("payload")[:PAGE])
    ids = [letter.stream_id for letter in letters if letter.stream_kind == "ticket"]
    tickets = tickets_visible_to(agent).in_bulk(ids)
    return render_page(
        request,
        "outbox.html",
        Desk(agent).builders(),
        place="outbox",
        letters=letters,
        tickets=tickets,
        state=Delivery.State,
        can_send=bool(env.outgoing_mail),
    )


@require_POST
@for_agents("ticket.view")
def retry_sending(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """Try a failed or waiting letter again at once: for who sees its ticket, or keeps the post."""
    letter = Delivery.objects.filter(pk=pk).first()
    ticket = _ticket_of(letter, agent)
    if letter is None or (ticket is None and not agent.may("intake.manage")):
        raise Http404
    if retry_delivery(letter):
        add_toast(request, _("It is being sent again"), icon="plane")
    if ticket is None or request.POST.get("from") == "outbox":
        return HttpResponseRedirect(reverse("outbox"))
    return to_ticket(request, ticket.number)


def _ticket_of(letter: Delivery | None, agent: Agent) -> Ticket | None:
    if letter is None or letter.stream_kind != "ticket":
        return None
    return tickets_visible_to(agent, "ticket.reply").filter(pk=letter.stream_id).first()


@require_safe
@for_agents("intake.manage")
def inbound(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Letters set aside, each with its reason."""
    rows = set_aside_visible_to(agent)[:PAGE]
    builders = Desk(agent).builders()
    return render_page(
        request, "inbound.html", builders, place="inbound", rows=list(rows), state=Inbound.State
    )


def _set_aside(agent: Agent, pk: int) -> Inbound:
    row = set_aside_visible_to(agent).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@require_safe
@for_agents("intake.manage")
def inbound_raw(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """The letter exactly as it came, to keep."""
    response = HttpResponse(
        raw_bytes(_set_aside(agent, pk)), content_type="application/octet-stream"
    )
    response["Content-Disposition"] = f'attachment; filename="inbound-{pk}.eml"'
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@require_POST
@for_agents("intake.manage")
def retry_inbound_row(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """Put it back into the queue."""
    retry_inbound(_set_aside(agent, pk), actor=as_actor(agent))
    add_toast(request, _("It is being read again"), icon="inbox")
    return HttpResponseRedirect(reverse("inbound"))
