"""One letter that was set aside: what it says, its original, and letting it in."""

from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from zabota.intake.aside import About, let_in
from zabota.intake.models import Inbound
from zabota.intake.protocol import InboundMessage
from zabota.intake.queries import raw_bytes, set_aside_visible_to
from zabota.intake.reasons import Reason, code_of, needs_a_place, reason_in_words
from zabota.intake.registry import channel_of
from zabota.staff.models import Agent
from zabota.tickets.actions import as_actor
from zabota.tickets.queries import tickets_visible_to
from zabota.workspace.context.lists import no_subject
from zabota.workspace.context.post import ASIDE, PostDesk
from zabota.workspace.pages import is_fragment, jinja, render_page
from zabota.workspace.toasts import add_toast
from zabota.workspace.views.access import for_agents
from zabota.workspace.views.content import FRAME_POLICY


@dataclass(frozen=True, slots=True)
class Letter:
    """What its page shows."""

    pk: int
    subject: str
    reason: str
    author: str
    name: str
    inbox: str
    at: datetime
    size: int
    needs_place: bool
    text: str = ""
    quote: str = ""
    has_html: bool = False
    files: tuple[str, ...] = ()
    problem: str = ""

    @property
    def domain(self) -> str:
        return self.author.rpartition("@")[2]


def _set_aside(agent: Agent, pk: int) -> Inbound:
    row = set_aside_visible_to(agent).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _read(row: Inbound) -> InboundMessage | None:
    """What it says, or None: it breaks the reading, or has broken a worker."""
    if code_of(row.reason) is Reason.ENDED_WORKER:
        return None
    try:
        return channel_of(row.channel).parse(raw_bytes(row), row.envelope)
    except Exception:
        return None


def _letter(row: Inbound) -> Letter:
    about, said = About.of(row.envelope), _read(row)
    raw_size = about.size or len(raw_bytes(row))
    return Letter(
        pk=row.pk,
        subject=(said.subject if said else about.subject) or no_subject(),
        reason=reason_in_words(row.reason),
        author=said.author.value if said and said.author else about.author,
        name=said.author.name if said and said.author else about.name,
        inbox=row.inbox.address,
        at=row.received_at,
        size=raw_size,
        needs_place=row.state == Inbound.State.SUSPENDED and needs_a_place(row.reason),
        text=said.text if said else "",
        quote=said.quoted_text if said else "",
        has_html=bool(said and said.html),
        files=tuple(file.filename for file in said.files) if said else (),
        problem="" if said else _("It cannot be read here. The original can be fetched."),
    )


def show(
    request: HttpRequest, agent: Agent, row: Inbound, *, status: int = 200, **problems: str
) -> HttpResponse:
    """The page of a letter; `problems` say what is wrong with where it should go."""
    slug = next(slug for slug, state in ASIDE.items() if state == row.state)
    desk = PostDesk(agent, "inbound", slug, fresh=is_fragment(request), selected=row.pk)
    form = SimpleNamespace(
        ticket=request.POST.get("ticket", ""), author=request.POST.get("author", "")
    )
    said = {"ticket": "", "author": "", **problems, "form": form}
    shown = {"letter": _letter(row)} if not is_fragment(request) else {}
    return render_page(
        request,
        "letter.html",
        desk.builders(),
        status=status,
        place="letter",
        problems=said,
        **shown,
    )


@require_safe
@for_agents("intake.manage")
def letter(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """A letter beside its list; the list alone if it is not set aside any more."""
    if Inbound.objects.filter(pk=pk).exclude(state__in=ASIDE.values()).exists():
        return HttpResponseRedirect(reverse("inbound"))
    return show(request, agent, _set_aside(agent, pk))


@require_safe
@for_agents("intake.manage")
def letter_raw(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """The letter exactly as it came, to keep."""
    response = HttpResponse(
        raw_bytes(_set_aside(agent, pk)), content_type="application/octet-stream"
    )
    response["Content-Disposition"] = f'attachment; filename="inbound-{pk}.eml"'
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@require_safe
@for_agents("intake.manage")
def letter_original(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """Its HTML, made harmless, in a sandbox under a policy of its own."""
    said = _read(_set_aside(agent, pk))
    if said is None or not said.html:
        raise Http404
    page = jinja().get_template("original.html").render(html=said.html)
    return HttpResponse(page, headers={"Content-Security-Policy": FRAME_POLICY})


@require_POST
@for_agents("intake.manage")
def let_letter_in(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """Put it back into the queue; into a ticket, or as somebody's words, if the form says so."""
    row = _set_aside(agent, pk)
    number, author = (request.POST.get(name, "").strip(" #№") for name in ("ticket", "author"))
    ticket_id = None
    if number:
        known = tickets_visible_to(agent).filter(number=int(number) if _is_number(number) else 0)
        ticket_id = known.values_list("pk", flat=True).first()
        if ticket_id is None:
            return show(request, agent, row, status=422, ticket=_("There is no such ticket"))
    elif author and not _is_address(author):
        wrong = _("An address looks like name@example.com")
        return show(request, agent, row, status=422, author=wrong)
    elif not author and row.state == Inbound.State.SUSPENDED and needs_a_place(row.reason):
        wrong = _("A ticket or an address: one of them is needed")
        return show(request, agent, row, status=422, ticket=wrong)
    let_in([row.pk], actor=as_actor(agent), ticket_id=ticket_id, author=author.lower())
    add_toast(request, _("It is being read again"), icon="inbox")
    return HttpResponseRedirect(reverse("inbound"))


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) < 19


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
