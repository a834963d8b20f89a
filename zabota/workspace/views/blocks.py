"""Settings: senders nothing is wanted of."""

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from zabota.company.preferences import preferences, set_preference
from zabota.intake.blocking import block, blocks_visible_to, unblock
from zabota.intake.protocol import USUAL
from zabota.staff.models import Agent
from zabota.tickets.spam import ENOUGH, lessons
from zabota.workspace.context.desk import Desk
from zabota.workspace.forms import said_wrong
from zabota.workspace.pages import render_page
from zabota.workspace.toasts import add_toast
from zabota.workspace.views.access import for_agents

PAGE = 200
ABOVE = (
    (2, gettext_lazy("Never: only mark what looks like spam")),
    (0.999, gettext_lazy("Above 99.9 %: hardly ever wrong")),
    (0.99, gettext_lazy("Above 99 %, as usual")),
    (0.95, gettext_lazy("Above 95 %: look into the spam list daily")),
)
DAYS = (30, 90, 180, 365)


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents("intake.manage")
def blocks(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Who is blocked; POST blocks one more, and goes back to where it was asked."""
    problem = ""
    if request.method == "POST" and "spam_above" in request.POST:
        _set_limits(request)
        return HttpResponseRedirect(reverse("blocks"))
    if request.method == "POST":
        problem = _add(request, agent)
        if not problem:
            back = request.POST.get("next", "")
            known = {reverse("inbound"), reverse("inbound") + "?tab=quarantined"}
            return HttpResponseRedirect(back if back in known else reverse("blocks"))
    words = request.GET.get("q", "").strip()[:100]
    rows = list(blocks_visible_to(agent, words)[:PAGE])
    return render_page(
        request,
        "blocks.html",
        Desk(agent).builders(),
        status=422 if problem else 200,
        place="settings",
        rows=rows,
        query=words,
        problem=problem,
        form=request.POST,
        limits=preferences("spam_above", "keep_aside_days"),
        above=ABOVE,
        days=DAYS,
        lessons=lessons(),
        enough=ENOUGH,
    )


def _set_limits(request: HttpRequest) -> None:
    """Only what the form offers."""
    for name, offered in (("spam_above", [a for a, _words in ABOVE]), ("keep_aside_days", DAYS)):
        given = request.POST.get(name, "")
        chosen = next((value for value in offered if str(value) == given), None)
        if chosen is not None:
            set_preference(name, chosen)
    add_toast(request, _("Saved"))


def _add(request: HttpRequest, agent: Agent) -> str:
    """Why not, or nothing."""
    post = request.POST
    try:
        made = block(
            post.get("value", ""), channel=USUAL, actor=agent, reason=post.get("reason", "")
        )
    except ValidationError as error:
        return said_wrong(error)
    add_toast(
        request,
        _("%(who)s is blocked") % {"who": made.value},
        icon="ban",
        undo=reverse("unblock", args=[made.pk]),
    )
    return ""


@require_POST
@for_agents("intake.manage")
def remove_block(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """Take in again what comes from there."""
    row = blocks_visible_to(agent).filter(pk=pk).first()
    if row is None:
        raise Http404
    unblock(row, actor=agent)
    add_toast(request, _("%(who)s may write again") % {"who": row.value})
    return HttpResponseRedirect(reverse("blocks"))
