"""A customer's card."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from zabota.customers.models import Customer
from zabota.staff.models import Agent
from zabota.staff.permissions import Scope
from zabota.tickets.queries import page_of, tickets_visible_to
from zabota.workspace.context.desk import Desk
from zabota.workspace.context.lists import as_rows
from zabota.workspace.pages import render_page
from zabota.workspace.views.access import for_agents


@require_safe
@for_agents("customer.view")
def show_customer(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """Who it is and every ticket of theirs this agent may see."""
    customer = Customer.objects.filter(pk=pk).prefetch_related("identities").first()
    rows = page_of(tickets_visible_to(agent).filter(customer_id=pk), agent)
    # A card is seen by whom it concerns: without a ticket in reach there is none to see.
    if customer is None or not (rows or agent.scope("customer.view") is Scope.ALL):
        raise Http404
    return render_page(
        request,
        "customer.html",
        Desk(agent).builders(),
        place="customer",
        customer=customer,
        addresses=list(customer.identities.all()),
        rows=as_rows(rows, agent),
    )
