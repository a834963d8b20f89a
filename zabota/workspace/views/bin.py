"""Spam and the bin: putting tickets there, looking, bringing them back."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from zabota.staff.models import Agent
from zabota.tickets.bin import bin_visible_to, bring_back, delete_tickets, mark_spam
from zabota.tickets.models import SpamLesson, Ticket
from zabota.tickets.queries import VIEWS
from zabota.tickets.spam import learn
from zabota.workspace.context.bin import BinDesk, hidden_ticket
from zabota.workspace.pages import is_fragment, render_page
from zabota.workspace.toasts import add_toast
from zabota.workspace.views.access import for_agents
from zabota.workspace.views.tickets import found_ticket, to_ticket

MOST = 500


@require_safe
@for_agents("ticket.edit")
def spam(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Tickets taken for spam."""
    return _show(request, agent, "spam")


@require_safe
@for_agents("ticket.delete")
def deleted(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Tickets in the bin."""
    return _show(request, agent, "bin")


def _show(request: HttpRequest, agent: Agent, slug: str) -> HttpResponse:
    desk = BinDesk(agent, slug, fresh=is_fragment(request), after=request.GET.get("after", ""))
    return render_page(request, "bin.html", desk.builders(), place="bin")


@require_safe
@for_agents("ticket.edit")
def show_hidden(request: HttpRequest, agent: Agent, number: int) -> HttpResponse:
    """One of them: what it says, without anything to do but bring it back."""
    found = bin_visible_to(agent, spam=True) | bin_visible_to(agent, spam=False)
    ticket = found.filter(number=number).select_related("customer", "identity").first()
    if ticket is None:  # somebody may have brought it back meanwhile
        return to_ticket(request, found_ticket(agent, number).number)
    slug = "spam" if ticket.is_spam else "bin"
    desk = BinDesk(agent, slug, fresh=is_fragment(request), selected=number)
    shown = {} if is_fragment(request) else hidden_ticket(ticket)
    return render_page(request, "hidden.html", desk.builders(), place="hidden", **shown)


@require_POST
@for_agents("ticket.edit")
def put_away(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Mark tickets as spam, or put them into the bin; those out of reach are let be."""
    is_spam = request.POST.get("do") == "spam"
    act = mark_spam if is_spam else delete_tickets
    rows = act(_numbers(request.POST.getlist("pk")), actor=agent)
    if not rows:
        add_toast(request, _("Nothing was picked that you may put away"), icon="late")
    else:
        _say(request, agent, rows, is_spam=is_spam)
    view = request.GET.get("view", "")
    return HttpResponseRedirect(reverse("view", args=[view if view in VIEWS else "open"]))


def _say(request: HttpRequest, agent: Agent, rows: Sequence[Ticket], *, is_spam: bool) -> None:
    n = len(rows)
    if n == 1 and is_spam:
        words = _("#%(number)s is spam") % {"number": rows[0].number}
    elif n == 1:
        words = _("#%(number)s is in the bin") % {"number": rows[0].number}
    elif is_spam:
        words = ngettext("%(n)s ticket is spam", "%(n)s tickets are spam", n) % {"n": n}
    else:
        words = ngettext("%(n)s ticket is in the bin", "%(n)s tickets are in the bin", n) % {"n": n}
    address = rows[0].identity.value
    offer = address if n == 1 and is_spam and agent.may("intake.manage") else ""
    numbers = ",".join(str(ticket.number) for ticket in rows)
    undo = f"{reverse('bring_back')}?tickets={numbers}"
    add_toast(request, words, icon="ban" if is_spam else "bin", undo=undo, block=offer)


@require_POST
@for_agents("ticket.edit")
def bring_tickets_back(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Spam is none after all; what was deleted is there again. From the lists, or by undo."""
    undone = request.GET.get("tickets", "").split(",")
    rows = bring_back(_numbers([*request.POST.getlist("pk"), *undone]), actor=agent)
    if len(rows) == 1:
        add_toast(request, _("#%(number)s is back") % {"number": rows[0].number}, icon="undo")
        return HttpResponseRedirect(reverse("ticket", args=[rows[0].number]))
    n = len(rows)
    words = ngettext("%(n)s ticket is back", "%(n)s tickets are back", n) % {"n": n}
    add_toast(request, words, icon="undo")
    return HttpResponseRedirect(reverse("view", args=["open"]))


@require_POST
@for_agents("ticket.edit")
def no_spam(request: HttpRequest, agent: Agent, number: int) -> HttpResponse:
    """It only looks like spam: said once, learned, and the question is gone."""
    ticket = found_ticket(agent, number)
    if not SpamLesson.objects.filter(ticket=ticket).exists():
        learn([ticket], is_spam=False)
    add_toast(request, _("Good to know: such letters count less as spam now"))
    return to_ticket(request, number)


def _numbers(given: Sequence[str]) -> list[int]:
    found = {int(text) for text in given if text.isdecimal() and len(text) < 19}
    return sorted(found)[:MOST]
