"""Settings: the company's words for its mail, and how it looks."""

import secrets
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zabota.company.mail import (
    LANGUAGES,
    MailKind,
    Rendered,
    checked_template,
    default_template,
    reset_template,
    save_look,
    save_template,
    template_of,
)
from zabota.company.models import Brand
from zabota.intake.deliveries import NewDelivery, queue_deliveries
from zabota.intake.models import Inbox
from zabota.intake.protocol import Address, OutboundMessage
from zabota.staff.models import Agent
from zabota.tickets.actions import as_actor
from zabota.workspace.context.desk import Desk
from zabota.workspace.context.mail import example, kind_words, places, tabs
from zabota.workspace.forms import said_wrong
from zabota.workspace.pages import jinja, render_page
from zabota.workspace.toasts import add_toast
from zabota.workspace.views.access import for_agents
from zabota.workspace.views.content import FRAME_POLICY


class Where(NamedTuple):
    """Which template of which brand."""

    brand: Brand
    kind: MailKind
    language: str


def _where(pk: int, kind: str, language: str) -> Where:
    brand = Brand.objects.filter(pk=pk).first()
    if brand is None or kind not in set(MailKind) or language not in LANGUAGES:
        raise Http404
    return Where(brand, MailKind(kind), language)


@require_safe
@for_agents("company.manage")
def mail(request: HttpRequest, agent: Agent) -> HttpResponse:
    """The answers of the first brand, in its own language."""
    brand = Brand.objects.order_by("pk").first()
    if brand is None:
        raise Http404
    language = brand.language if brand.language in LANGUAGES else LANGUAGES[0]
    address = reverse("mail_template", args=[brand.pk, MailKind.REPLY.value, language])
    return HttpResponseRedirect(address)


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents("company.manage")
def mail_template(
    request: HttpRequest, agent: Agent, pk: int, kind: str, language: str
) -> HttpResponse:
    """One template with its preview; POST saves it, or goes back to the default."""
    where = _where(pk, kind, language)
    problem = ""
    if request.method == "POST":
        problem = _save(request, agent, where)
        if not problem:
            return HttpResponseRedirect(request.path)
    now, usual = template_of(*where), default_template(where.kind, language)
    return render_page(
        request,
        "mail.html",
        Desk(agent).builders(),
        status=422 if problem else 200,
        place="settings",
        where=where,
        title=kind_words(where.kind),
        subject=request.POST.get("subject", now.subject),
        text=request.POST.get("text", now.text),
        version=now.version,
        has_subject=where.kind != MailKind.REPLY,
        is_usual=(now.subject, now.text) == (usual.subject, usual.text),
        problem=problem,
        places=places(where.kind),
        languages_of_look=LANGUAGES,
        **tabs(*where),
    )


def _save(request: HttpRequest, agent: Agent, where: Where) -> str:
    """Why not, or nothing."""
    post = request.POST
    if post.get("do") == "reset":
        reset_template(*where, actor=as_actor(agent))
        add_toast(request, _("Back to the default"), icon="undo")
        return ""
    try:
        saved = save_template(
            *where, post.get("subject", ""), post.get("text", ""), actor=as_actor(agent)
        )
    except ValidationError as error:
        return said_wrong(error)
    add_toast(request, _("Saved, version %(n)s") % {"n": saved.version})
    return ""


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents("company.manage")
def mail_preview(
    request: HttpRequest, agent: Agent, pk: int, kind: str, language: str
) -> HttpResponse:
    """What is written there as a mail, in a sandbox; `part=text` is its text part."""
    where = _where(pk, kind, language)
    try:
        shown = _example(request, agent, where)
    except ValidationError as error:
        return _framed(said_wrong(error), "text/plain")
    if request.POST.get("part") == "text":
        head = f"{shown.subject}\n\n" if shown.subject else ""
        return _framed(head + shown.text, "text/plain")
    return _framed(jinja().get_template("original.html").render(html=shown.html), "text/html")


def _example(request: HttpRequest, agent: Agent, where: Where) -> Rendered:
    post = request.POST
    template = (
        checked_template(where.kind, post.get("subject", ""), post.get("text", ""))
        if request.method == "POST"
        else template_of(*where)
    )
    with translation.override(where.language):
        return example(agent, where.brand, where.language, template)


def _framed(content: str, kind: str) -> HttpResponse:
    headers = {"Content-Security-Policy": FRAME_POLICY, "Cache-Control": "no-store"}
    return HttpResponse(content, content_type=f"{kind}; charset=utf-8", headers=headers)


@require_POST
@for_agents("company.manage")
def mail_test(
    request: HttpRequest, agent: Agent, pk: int, kind: str, language: str
) -> HttpResponse:
    """Send what is written there to the agent who asks, through the outbox."""
    where = _where(pk, kind, language)
    inbox = Inbox.objects.filter(brand=where.brand, is_active=True).order_by("pk").first()
    try:
        shown = _example(request, agent, where)
    except ValidationError as error:
        add_toast(request, said_wrong(error), icon="late")
    else:
        if inbox is None:
            add_toast(request, _("This brand has no inbox to send from"), icon="late")
        else:
            queue_deliveries([_test_letter(inbox, shown, agent)])
            words = _("A test is on its way to %(address)s")
            add_toast(request, words % {"address": agent.email}, icon="plane")
    return HttpResponseRedirect(reverse("mail_template", args=[pk, kind, language]))


def _test_letter(inbox: Inbox, shown: Rendered, agent: Agent) -> NewDelivery:
    return NewDelivery(
        inbox=inbox,
        subject_kind="agent",
        subject_id=agent.pk,
        message=OutboundMessage(
            external_id=f"{secrets.token_hex(16)}@{inbox.address.rpartition('@')[2]}",
            sender=Address(inbox.address, inbox.brand.name),
            to=(Address(agent.email, agent.name),),
            subject=shown.subject or _("A test of the answers' template"),
            text=shown.text,
            html=shown.html,
        ),
    )


@require_POST
@for_agents("company.manage")
def mail_look(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """A brand's colour, signatures and footers."""
    brand = Brand.objects.filter(pk=pk).first()
    if brand is None:
        raise Http404
    post = request.POST
    try:
        save_look(
            brand,
            colour=post.get("colour", ""),
            signatures={code: post.get(f"signature_{code}", "") for code in LANGUAGES},
            footers={code: post.get(f"footer_{code}", "") for code in LANGUAGES},
            actor=as_actor(agent),
        )
    except ValidationError as error:
        add_toast(request, said_wrong(error), icon="late")
    else:
        add_toast(request, _("Saved"))
    return HttpResponseRedirect(reverse("mail"))
