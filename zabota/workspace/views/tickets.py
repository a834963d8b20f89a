"""A ticket's page, and what an agent does on it."""

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from zabota.staff.models import Agent
from zabota.tickets.actions import change_ticket, mark_seen, save_draft
from zabota.tickets.choices import Status
from zabota.tickets.models import Draft, Ticket
from zabota.tickets.queries import tickets_visible_to
from zabota.workspace.context.desk import TicketDesk
from zabota.workspace.context.ticket import load_ticket
from zabota.workspace.forms import read_changes, said_wrong
from zabota.workspace.pages import is_fragment, render_page
from zabota.workspace.toasts import add_toast
from zabota.workspace.views.access import for_agents

KINDS = {"message": Draft.Kind.MESSAGE, "note": Draft.Kind.NOTE}


@require_safe
@for_agents("ticket.view")
def show_ticket(request: HttpRequest, agent: Agent, number: int) -> HttpResponse:
    """The ticket between its list and its customer."""
    return ticket_page(request, agent, number, kind=request.GET.get("write", ""))


def ticket_page(
    request: HttpRequest, agent: Agent, number: int, *, status: int = 200, **writing: str
) -> HttpResponse:
    """The page or its fragments; `writing` is what the composer holds. Raises `Http404`."""
    ticket = load_ticket(agent, number)
    if ticket is None:
        raise Http404
    desk = TicketDesk(
        agent,
        ticket,
        request.GET.get("view", ""),
        fresh=is_fragment(request),
        everything="all" in request.GET,
        **writing,
    )
    return render_page(request, "ticket.html", desk.builders(), place="ticket", status=status)


def found_ticket(agent: Agent, number: int) -> Ticket:
    """The ticket if this agent may see it. Raises `Http404`."""
    ticket = tickets_visible_to(agent).filter(number=number).first()
    if ticket is None:
        raise Http404
    return ticket


def to_ticket(request: HttpRequest, number: int) -> HttpResponseRedirect:
    """Back to the ticket's page, beside the same list."""
    view = request.GET.get("view", "")
    address = reverse("ticket", args=[number])
    return HttpResponseRedirect(f"{address}?view={view}" if view.isalpha() else address)


@require_POST
@for_agents("ticket.edit")
def change(request: HttpRequest, agent: Agent, number: int) -> HttpResponse:
    """Status, outcome, priority, assignee, team, category, tags: whatever the form names."""
    ticket = found_ticket(agent, number)
    try:
        changes, outcome = read_changes(request.POST)
        change_ticket(ticket, changes, actor=agent, outcome=outcome)
    except ValidationError as error:
        add_toast(request, said_wrong(error), icon="late")
    else:
        if changes.get("status") == Status.SOLVED:
            add_toast(request, _("#%(number)s is solved") % {"number": number})
        if not tickets_visible_to(agent).filter(pk=ticket.pk).exists():
            return HttpResponseRedirect("/")  # it is another team's now, and theirs alone to see
    return to_ticket(request, number)


@require_POST
@for_agents("ticket.edit")
def draft(request: HttpRequest, agent: Agent, number: int) -> HttpResponse:
    """Keep what is being written."""
    kind = KINDS.get(request.POST.get("kind", ""), Draft.Kind.MESSAGE)
    text = request.POST.get("text", "")
    save_draft(found_ticket(agent, number), text, actor=agent, kind=kind)
    return HttpResponse(status=204)


@require_POST
@for_agents("ticket.view")
def seen(request: HttpRequest, agent: Agent, number: int) -> HttpResponse:
    """The conversation stands on this agent's screen."""
    mark_seen(found_ticket(agent, number), actor=agent)
    return HttpResponse(status=204)
