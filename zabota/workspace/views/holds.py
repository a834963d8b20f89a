"""Stopping all letters, and letting them leave again."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from zabota.intake.holds import open_hold, release_holds
from zabota.intake.models import Hold
from zabota.staff.models import Agent
from zabota.tickets.actions import as_actor
from zabota.workspace.toasts import add_toast
from zabota.workspace.views.access import for_agents


@require_POST
@for_agents("intake.manage")
def hold_sending(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Send nothing until somebody says so."""
    if open_hold(Hold.Cause.BY_HAND, agent.name, actor=as_actor(agent)):
        add_toast(request, _("Nothing is sent until you release it"), icon="hand")
    return HttpResponseRedirect(reverse("outbox"))


@require_POST
@for_agents("intake.manage")
def release_sending(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Letters leave again."""
    if release_holds(agent_id=agent.pk):
        add_toast(request, _("Letters leave again"), icon="plane")
    return HttpResponseRedirect(reverse("outbox"))
