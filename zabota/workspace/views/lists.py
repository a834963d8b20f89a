"""Views of tickets, and search."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from zabota.staff.models import Agent
from zabota.tickets.queries import VIEWS
from zabota.tickets.search import LONGEST_QUERY, search_tickets
from zabota.workspace.context.desk import Desk, ListDesk
from zabota.workspace.context.lists import as_hits
from zabota.workspace.pages import is_fragment, render_page
from zabota.workspace.views.access import for_agents


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Everybody begins at what is theirs."""
    return HttpResponseRedirect(reverse("view", args=["mine"]))


@require_safe
@for_agents("ticket.view")
def show_view(request: HttpRequest, agent: Agent, slug: str) -> HttpResponse:
    """One view as a page of its own."""
    if slug not in VIEWS:
        raise Http404
    after = request.GET.get("after", "")
    desk = ListDesk(agent, VIEWS[slug], fresh=is_fragment(request), after=after)
    return render_page(request, "list.html", desk.builders(), place=slug)


@require_safe
@for_agents("ticket.view")
def search(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Tickets in whose words these are found, in any form of the word."""
    query = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    hits = as_hits(search_tickets(agent, query))
    builders = Desk(agent).builders()
    return render_page(request, "search.html", builders, place="search", query=query, hits=hits)
