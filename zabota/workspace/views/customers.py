"""A customer's card."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from zabota.staff.models import Agent
from zabota.tickets.queries import customers_visible_to, page_of, tickets_visible_to
from zabota.workspace.context.desk import Desk
from zabota.workspace.context.lists import as_rows
from zabota.workspace.pages import render_page
from zabota.workspace.views.access import for_agents


@require_safe
@for_agents("customer.view")
def show_customer(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """Who it is and every ticket of theirs this agent may see."""
    visible = customers_visible_to(agent).prefetch_related("identities")
    customer = visible.filter(pk=pk).first()
    if customer is None:
        raise Http404
    rows = page_of(tickets_visible_to(agent).filter(customer_id=pk), agent)
    return render_page(
        request,
        "customer.html",
        Desk(agent).builders(),
        place="customer",
        customer=customer,
        addresses=list(customer.identities.all()),
        rows=as_rows(rows, agent),
    )
