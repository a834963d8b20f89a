"""Replies, notes, new tickets, and taking back."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from zabota.customers.models import Identity
from zabota.intake.models import Inbox
from zabota.intake.protocol import USUAL, Address
from zabota.staff.models import Agent
from zabota.tickets.choices import Status
from zabota.tickets.models import Attachment, Message, Ticket
from zabota.tickets.opening import open_ticket
from zabota.tickets.queries import attachments_visible_to, customers_visible_to, messages_visible_to
from zabota.tickets.writing import UNDO, send_reply, undo_reply, write_note
from zabota.workspace.context.desk import Desk
from zabota.workspace.forms import read_files, said_wrong
from zabota.workspace.once import DoneAlready, once
from zabota.workspace.pages import render_page
from zabota.workspace.toasts import add_toast
from zabota.workspace.views.access import for_agents
from zabota.workspace.views.tickets import found_ticket, ticket_page, to_ticket

AFTER_SENDING = {s.slug: s for s in (Status.OPEN, Status.PENDING, Status.ON_HOLD, Status.SOLVED)}


@require_POST
@for_agents("ticket.edit")
def write(request: HttpRequest, agent: Agent, number: int) -> HttpResponse:
    """Send a reply or leave a note; what cannot be sent comes back with the reason."""
    ticket = found_ticket(agent, number)
    kind, text = request.POST.get("kind", ""), request.POST.get("text", "")
    try:
        with once(request, agent):
            if kind == "note":
                files = read_files(request.FILES.getlist("files"))
                write_note(ticket, text, actor=agent, files=files)
            else:
                _send(request, agent, ticket, text)
    except DoneAlready:
        add_toast(request, _("That was sent already, once"), icon="check")
    except ValidationError as error:
        problem = said_wrong(error)
        return ticket_page(
            request, agent, number, status=422, kind=kind, text=text, problem=problem
        )
    return to_ticket(request, number)


def _send(request: HttpRequest, agent: Agent, ticket: Ticket, text: str) -> None:
    message = send_reply(
        ticket,
        text,
        actor=agent,
        files=read_files(request.FILES.getlist("files")),
        again=_files_again(request, agent, ticket),
        status=AFTER_SENDING.get(request.POST.get("status", ""), Status.PENDING),
    )
    words = _("#%(number)s leaves in") % {"number": ticket.number}
    undo = reverse("undo", args=[message.pk])
    add_toast(request, words, icon="reply", undo=undo, seconds=round(UNDO.total_seconds()))


def _files_again(request: HttpRequest, agent: Agent, ticket: Ticket) -> list[Attachment]:
    """Files of the answer that was just taken back."""
    again = request.POST.get("again", "")
    if not again.isdecimal():
        return []
    rows = attachments_visible_to(agent).filter(ticket=ticket, message_id=int(again))
    return list(rows.filter(message__agent=agent, message__undone_at__isnull=False))


@require_POST
@for_agents("ticket.reply")
def undo(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """Take an answer back before it leaves; its words are the draft again."""
    message = _message(agent, pk)
    if undo_reply(message, actor=agent):
        add_toast(request, _("Taken back: the words are in the draft"), icon="undo")
    else:
        add_toast(request, _("It has left already"), icon="late")
    return to_ticket(request, message.ticket.number)


def _message(agent: Agent, pk: int) -> Message:
    message = messages_visible_to(agent).select_related("ticket").filter(pk=pk).first()
    if message is None:
        raise Http404
    return message


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents("ticket.reply")
def new_ticket(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Write to a customer first, or note down what they said."""
    inboxes = list(Inbox.objects.filter(is_active=True).order_by("pk"))
    problems: dict[str, str] = {}
    if request.method == "POST":
        problems = _problems(request, inboxes)
        if not problems:
            try:
                with once(request, agent):
                    ticket = _open(request, agent, inboxes)
            except DoneAlready:
                add_toast(request, _("That was sent already, once"), icon="check")
                return HttpResponseRedirect(reverse("home"))
            except ValidationError as error:
                problems["text"] = said_wrong(error)
            else:
                return HttpResponseRedirect(reverse("ticket", args=[ticket.number]))
    return render_page(
        request,
        "new.html",
        Desk(agent).builders(),
        status=422 if problems else 200,
        place="new",
        inboxes=inboxes,
        senders=[(inbox.pk, _named(inbox)) for inbox in inboxes],
        problems=problems,
        form=request.POST if request.method == "POST" else _prefilled(request, agent),
    )


def _prefilled(request: HttpRequest, agent: Agent) -> dict[str, str]:
    customer = request.GET.get("customer", "")
    if not (customer.isdecimal() and len(customer) < 19):
        return {}
    visible = customers_visible_to(agent).filter(pk=int(customer))
    identity = Identity.objects.filter(customer__in=visible, kind=USUAL).first()
    return {"email": identity.value} if identity else {}


def _problems(request: HttpRequest, inboxes: list[Inbox]) -> dict[str, str]:
    problems = {}
    try:
        validate_email(request.POST.get("email", "").strip())
    except ValidationError:
        problems["email"] = _("An address looks like name@example.com")
    if not request.POST.get("subject", "").strip():
        problems["subject"] = _("A few words, so that colleagues know it in the list")
    if request.POST.get("inbox") not in {str(inbox.pk) for inbox in inboxes}:
        problems["inbox"] = _("Choose which address to write from")
    return problems


def _open(request: HttpRequest, agent: Agent, inboxes: list[Inbox]) -> Ticket:
    post = request.POST
    by_pk = {str(inbox.pk): inbox for inbox in inboxes}
    return open_ticket(
        by_pk[post["inbox"]],
        Address(post["email"].strip().lower(), post.get("name", "").strip()),
        post["subject"],
        post.get("text", ""),
        actor=agent,
        to_customer=post.get("way") != "spoken",
        files=read_files(request.FILES.getlist("files")),
    )


def _named(inbox: Inbox) -> str:
    return f"{inbox.name} <{inbox.address}>" if inbox.name else inbox.address
