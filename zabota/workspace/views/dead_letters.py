"""Settings: what is stuck, and trying it again or letting it go."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from zabota.events.backlog import LONGEST_REASON, dead_letters, retry_listeners, skip_events
from zabota.staff.models import Agent
from zabota.tickets.actions import as_actor
from zabota.workspace.context.dead_letters import DeadLetters
from zabota.workspace.pages import is_fragment, render_page
from zabota.workspace.toasts import add_toast
from zabota.workspace.views.access import for_agents

MOST = 10_000


@require_safe
@for_agents("intake.manage")
def show(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Everything that waits for a person."""
    return _page(request, agent)


def _page(request: HttpRequest, agent: Agent, problem: str = "") -> HttpResponse:
    return render_page(
        request,
        "dead-letters.html",
        DeadLetters(agent, fresh=is_fragment(request)).builders(),
        status=422 if problem else 200,
        place="settings",
        problem=problem,
        longest=LONGEST_REASON,
    )


@require_POST
@for_agents("intake.manage")
def do(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Try again what was picked, or all that gave up; or skip what was picked, with a reason."""
    work, actor = request.POST.get("do", ""), as_actor(agent)
    picked = [int(pk) for pk in request.POST.getlist("pick") if pk.isdecimal() and len(pk) < 19]
    if work == "all":
        picked = list(dead_letters().filter(is_dead=True).values_list("pk", flat=True)[:MOST])
    if work == "skip":
        try:
            count = skip_events(picked, request.POST.get("reason", ""), actor=actor)
        except ValueError:
            return _page(request, agent, _("Say why: colleagues will look for what is missing"))
        words = ngettext("%(n)d skipped", "%(n)d skipped", count)
    else:
        count = retry_listeners(picked, actor=actor)
        words = ngettext("%(n)d is tried again", "%(n)d are tried again", count)
    add_toast(request, words % {"n": count}, icon="undo")
    return HttpResponseRedirect(reverse("dead_letters"))
