"""The post: what could not be taken in, what has not gone out, and doing something about many."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from zabota.intake.aside import About
from zabota.intake.blocking import block
from zabota.intake.chores import MOST, begin_chore, undo_chore
from zabota.intake.models import Chore, Delivery, Inbound
from zabota.intake.outbox import retry_deliveries
from zabota.staff.models import Agent
from zabota.tickets.actions import as_actor
from zabota.tickets.models import Ticket
from zabota.tickets.queries import tickets_visible_to
from zabota.workspace.context.post import PostDesk
from zabota.workspace.pages import is_fragment, render_page
from zabota.workspace.toasts import add_toast
from zabota.workspace.views.access import for_agents
from zabota.workspace.views.tickets import to_ticket

WORKS = {"inbound": ("let_in", "delete"), "outbox": ("resend", "cancel")}


def show_list(request: HttpRequest, agent: Agent, page: str) -> HttpResponse:
    """A list of the post, or its fragments."""
    tab, after = request.GET.get("tab", ""), request.GET.get("after", "")
    desk = PostDesk(agent, page, tab, fresh=is_fragment(request), after=after)
    return render_page(request, "post.html", desk.builders(), place=page)


@require_safe
@for_agents("intake.manage")
def outbox(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Letters that wait or failed, and what to do about it."""
    return show_list(request, agent, "outbox")


@require_safe
@for_agents("intake.manage")
def inbound(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Letters set aside, each with its reason."""
    return show_list(request, agent, "inbound")


@require_POST
@for_agents("ticket.view")
def retry_sending(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """Try a failed or waiting letter again at once: for who sees its ticket, or keeps the post."""
    letter = Delivery.objects.filter(pk=pk).first()
    ticket = _ticket_of(letter, agent)
    if letter is None or (ticket is None and not agent.may("intake.manage")):
        raise Http404
    if retry_deliveries([letter.pk], actor=as_actor(agent)):
        add_toast(request, _("It is being sent again"), icon="plane")
    if ticket is None or request.POST.get("from") == "outbox":
        return HttpResponseRedirect(reverse("outbox"))
    return to_ticket(request, ticket.number)


def _ticket_of(letter: Delivery | None, agent: Agent) -> Ticket | None:
    if letter is None or letter.stream_kind != "ticket":
        return None
    return tickets_visible_to(agent, "ticket.reply").filter(pk=letter.stream_id).first()


@require_POST
@for_agents("intake.manage")
def inbound_many(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Let in, read again, delete or block the senders of what was picked."""
    return do_many(request, agent, "inbound")


@require_POST
@for_agents("intake.manage")
def outbox_many(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Send again, or never, what was picked."""
    return do_many(request, agent, "outbox")


def do_many(request: HttpRequest, agent: Agent, page: str) -> HttpResponse:
    """What the bar of a list asks for, of the picked rows or of all of the list."""
    desk = PostDesk(agent, page, request.POST.get("tab", ""), fresh=True)
    ids = _picked(request, desk)
    work = request.POST.get("do", "")
    if not ids:
        add_toast(request, _("Pick some first"), icon="late")
    elif work == "block" and page == "inbound":
        _block_senders(request, agent, ids)
    elif work in WORKS[page]:
        chore = begin_chore(work, ids, actor=agent)
        words, icon = said_of(chore)
        undo = reverse("undo_chore", args=[chore.pk]) if work in ("delete", "cancel") else ""
        add_toast(request, words, icon=icon, undo=undo)
    return HttpResponseRedirect(next(t.url for t in desk.post()["lists"] if t.slug == desk.slug))


def _picked(request: HttpRequest, desk: PostDesk) -> list[int]:
    if request.POST.get("everything"):
        return list(desk.rows().values_list("pk", flat=True)[:MOST])
    given = {int(pk) for pk in request.POST.getlist("pk") if pk.isdecimal() and len(pk) < 19}
    return list(desk.rows().filter(pk__in=given).values_list("pk", flat=True))


def said_of(chore: Chore) -> tuple[str, str]:
    """What a chore has done or begun, for its toast, and an icon."""
    n, left = chore.changed, len(chore.ids) - chore.changed
    if chore.finished_at is None:
        return _("Begun: %(n)s letters") % {"n": len(chore.ids)}, "wait"
    words = {
        "let_in": ngettext("%(n)s letter is being read", "%(n)s letters are being read", n),
        "delete": ngettext("%(n)s letter deleted", "%(n)s letters deleted", n),
        "restore": ngettext("%(n)s letter is back", "%(n)s letters are back", n),
        "resend": ngettext("%(n)s letter is sent again", "%(n)s letters are sent again", n),
        "cancel": ngettext("%(n)s letter will not be sent", "%(n)s letters will not be sent", n),
        "uncancel": ngettext("%(n)s letter is back", "%(n)s letters are back", n),
    }[chore.kind] % {"n": n}
    if left and chore.kind == "let_in":
        more = ngettext(
            "%(n)s lacks a ticket or a customer: open it and say where it belongs",
            "%(n)s lack a ticket or a customer: open them and say where they belong",
            left,
        )
        words += ". " + more % {"n": left}
    return words, {"delete": "bin", "cancel": "x", "let_in": "inbox"}.get(chore.kind, "check")


def _block_senders(request: HttpRequest, agent: Agent, ids: Sequence[int]) -> None:
    blocked, problems = set(), set()
    for row in Inbound.objects.filter(pk__in=ids):
        try:
            author = About.of(row.envelope).author
            if not author:
                raise ValidationError(_("What names no sender cannot be blocked"))
            blocked.add(block(author, channel=row.channel, actor=agent).value)
        except ValidationError as error:
            problems.update(error.messages)
    if blocked:
        words = ngettext("%(n)s sender blocked", "%(n)s senders blocked", len(blocked))
        add_toast(request, words % {"n": len(blocked)}, icon="ban")
    for problem in sorted(problems):
        add_toast(request, problem, icon="late")


@require_POST
@for_agents("intake.manage")
def undo_many(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """Undo a chore of one's own."""
    chore = Chore.objects.filter(pk=pk, agent=agent).first()
    if chore is None:
        raise Http404
    back = undo_chore(chore, actor=agent)
    if back is not None:
        add_toast(request, said_of(back)[0], icon="undo")
    page = "inbound" if chore.kind in ("delete", "restore") else "outbox"
    return HttpResponseRedirect(reverse(page))
