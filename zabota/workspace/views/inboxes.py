"""Settings: inboxes, how each is, and where its mail comes from."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zabota.intake.actions import add_inbox
from zabota.intake.health import inboxes_visible_to
from zabota.intake.inboxes import connect_inbox, describe_inbox, disconnect_inbox, set_active
from zabota.intake.models import Inbox
from zabota.intake.protocol import USUAL
from zabota.intake.sources import FETCHING, Finding
from zabota.staff.models import Agent
from zabota.tickets.actions import as_actor
from zabota.workspace.context.desk import Desk
from zabota.workspace.context.inboxes import inbox_page, inbox_rows
from zabota.workspace.inbox_forms import InboxForm, read_inbox_form
from zabota.workspace.pages import render_page
from zabota.workspace.toasts import add_toast
from zabota.workspace.views.access import for_agents


@require_safe
@for_agents("intake.manage")
def inboxes(request: HttpRequest, agent: Agent) -> HttpResponse:
    """All of them, each with its state; who may not change them may still see."""
    builders = {**Desk(agent).builders(), "inboxes": lambda: {"rows": inbox_rows(agent)}}
    may_change = agent.may("inbox.manage")
    return render_page(request, "inboxes.html", builders, place="inboxes", may_change=may_change)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@for_agents("inbox.manage")
def new_inbox(request: HttpRequest, agent: Agent) -> HttpResponse:
    """One more address; POST adds it."""
    return _inbox(request, agent, None)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@for_agents("inbox.manage")
def edit_inbox(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """One inbox; POST saves it, and whoever fetches does so anew at once."""
    return _inbox(request, agent, find(agent, pk))


def find(agent: Agent, pk: int) -> Inbox:
    """Raises `Http404`."""
    inbox = inboxes_visible_to(agent).filter(pk=pk).first()
    if inbox is None:
        raise Http404
    return inbox


def _inbox(request: HttpRequest, agent: Agent, inbox: Inbox | None) -> HttpResponse:
    if request.method != "POST":
        return _show(request, agent, inbox)
    form = read_inbox_form(request.POST, inbox)
    if "test" in request.POST:
        return _show(request, agent, inbox, form, _test(form))
    saved = None if form.problems else _save(form, inbox, agent)
    if saved is None:
        return _show(request, agent, inbox, form)
    add_toast(request, _("Saved"), icon="mail")
    is_open = form.source and form.source.provider and form.secret.is_empty
    address = reverse("edit_inbox", args=[saved.pk]) if is_open else reverse("inboxes")
    return HttpResponseRedirect(address)


def _show(
    request: HttpRequest,
    agent: Agent,
    inbox: Inbox | None,
    form: InboxForm | None = None,
    found: Finding | None = None,
) -> HttpResponse:
    return render_page(
        request,
        "inbox.html",
        Desk(agent).builders(),
        status=422 if form and form.problems else 200,
        place="inboxes",
        form=form,
        post=request.POST,
        **inbox_page(inbox, form, found),
    )


def _test(form: InboxForm) -> Finding | None:
    """What the server says to the form as it is, saved or not."""
    if form.source is None or set(form.problems) - {"move_to", "brand"}:
        return None
    return FETCHING[USUAL].test(form.source, form.secret)


def _save(form: InboxForm, inbox: Inbox | None, agent: Agent) -> Inbox | None:
    """The inbox as it is now; None, and a problem in the form, if the address will not do."""
    assert form.brand
    actor = as_actor(agent)
    if inbox is None:
        inbox = _add(form)
    if inbox is None:
        return None
    describe_inbox(inbox, name=form.name, brand_id=form.brand.pk, actor=actor)
    if form.source is None:
        return disconnect_inbox(inbox, actor=actor)
    return connect_inbox(inbox, form.source, form.secret, actor=actor)


def _add(form: InboxForm) -> Inbox | None:
    try:
        made, is_new = add_inbox(form.address)
    except ValueError:
        form.problems["address"] = _("An address looks like name@example.com")
        return None
    if not is_new:
        form.problems["address"] = _("This inbox is there already")
        return None
    return made


@require_POST
@for_agents("inbox.manage")
def pause_inbox(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """Stop taking in, or begin again: as `active` says."""
    inbox = find(agent, pk)
    is_active = request.POST.get("active") == "1"
    set_active(inbox, is_active, actor=as_actor(agent))
    words = _("%(address)s takes mail in") if is_active else _("%(address)s is paused")
    add_toast(request, words % {"address": inbox.address}, icon="mail")
    return HttpResponseRedirect(reverse("inboxes"))
