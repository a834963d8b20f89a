"""The view that pages are compared with: what Django and Jinja2 need for 50 rows of a list.

The same middleware, session, signed-in agent, CSRF token and row template as a page of the product,
each row drawn anew; one `values_list` by the same index; no permissions, counts, rail or customer.
"""

from functools import cache

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.template.backends.utils import csrf_input_lazy
from jinja2 import Template

from zabota.staff.models import Agent
from zabota.tickets.choices import OPEN_WORK
from zabota.tickets.models import Ticket
from zabota.tickets.queries import PAGE, TicketRow
from zabota.workspace.context.lists import as_rows
from zabota.workspace.pages import jinja

TEMPLATE = """\
{% from "desk/rows.html" import lines %}
<!doctype html><title>bare</title><form method="post">{{ csrf_input }}</form>
<div class="rows"><ul>{{ lines(rows) }}</ul></div>
"""
COLUMNS = TicketRow._fields[:11]


@cache
def _template() -> Template:
    return jinja().from_string(TEMPLATE)


@login_required
def bare(request: HttpRequest) -> HttpResponse:
    """Fifty open tickets, newest first."""
    assert isinstance(request.user, Agent)
    tickets = Ticket.objects.filter(status__lt=OPEN_WORK, deleted_at=None)
    found = tickets.order_by("-last_message_at", "-id").values_list(*COLUMNS, "assignee_id")[:PAGE]
    rows = [
        TicketRow._make((*shown, shown[2], "", assignee, None, None)) for *shown, assignee in found
    ]
    context = {"csrf_input": csrf_input_lazy(request), "rows": as_rows(rows, request.user)}
    return HttpResponse(_template().render(context))
