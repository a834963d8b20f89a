"""Coming in, going out, and one's own settings."""

from allauth.account.views import LoginView
from django.contrib.auth import login, logout, update_session_auth_hash
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from zabota.events.record import audit
from zabota.staff.actions import LinkRefused, find_link, set_password, use_link
from zabota.staff.models import Agent
from zabota.tickets.actions import as_actor
from zabota.workspace.context.desk import Desk
from zabota.workspace.context.mail import endings
from zabota.workspace.forms import said_wrong
from zabota.workspace.pages import render_page
from zabota.workspace.toasts import add_toast
from zabota.workspace.views.access import for_agents

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
THEMES, LANGUAGES = ("", "light", "dark"), ("ru", "en")

sign_in = LoginView.as_view(template_name="sign-in.html")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    if request.user.is_authenticated:
        audit("agent.signed_out", actor=as_actor(request.user), agent=request.user.pk)
    logout(request)
    return HttpResponseRedirect(reverse("account_login"))


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest, secret: str) -> HttpResponse:
    """Where a one-time link leads: a password, and for the first administrator a name."""
    link = find_link(secret)
    if link is None:
        return render(request, "link-gone.html", status=404)
    problems: dict[str, str] = {}
    if request.method == "POST":
        problems = _setup_problems(request) if link.agent is None else {}
        if not problems:
            try:
                return _come_in(request, secret)
            except ValidationError as error:
                problems["password"] = said_wrong(error)
            except LinkRefused:
                return render(request, "link-gone.html", status=404)
    context = {"agent": link.agent, "problems": problems, "form": request.POST}
    return render(request, "setup.html", context, status=422 if problems else 200)


def _setup_problems(request: HttpRequest) -> dict[str, str]:
    problems = {}
    try:
        validate_email(request.POST.get("email", "").strip())
    except ValidationError:
        problems["email"] = _("An address looks like name@example.com")
    if not request.POST.get("name", "").strip():
        problems["name"] = _("Customers see who answers them")
    return problems


def _come_in(request: HttpRequest, secret: str) -> HttpResponse:
    post = request.POST
    agent = use_link(
        secret,
        email=post.get("email", "").strip(),
        name=post.get("name", "").strip(),
        password=post.get("password", ""),
    )
    login(request, agent, backend=BACKEND)
    return HttpResponseRedirect("/")


@require_POST
@for_agents()
def my_looks(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Theme and language, from the menu; back to where it was opened."""
    _save_looks(request, agent)
    back = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    return HttpResponseRedirect(back if safe else "/")


def _save_looks(request: HttpRequest, agent: Agent) -> None:
    post = request.POST
    if post.get("theme") in THEMES:
        agent.theme = post["theme"]
    if post.get("language") in LANGUAGES:
        agent.language = post["language"]
    agent.save(update_fields=["theme", "language"])


@sensitive_post_parameters("password", "new_password")
@require_http_methods(["GET", "HEAD", "POST"])
@for_agents()
def my_settings(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Name, signature, password: each its own form."""
    problems: dict[str, str] = {}
    if request.method == "POST":
        change = _change_password if "new_password" in request.POST else _change_person
        problems = change(request, agent)
        if not problems:
            add_toast(request, _("Saved"))
            return HttpResponseRedirect(reverse("my_settings"))
    return render_page(
        request,
        "settings.html",
        Desk(agent).builders(),
        status=422 if problems else 200,
        place="settings",
        agent=agent,
        languages=LANGUAGES,
        endings=endings(agent),
        problems=problems,
    )


def _change_person(request: HttpRequest, agent: Agent) -> dict[str, str]:
    name = " ".join(request.POST.get("name", "").split())[:160]
    if not name:
        return {"name": _("Customers see who answers them")}
    given = {code: request.POST.get(f"signature_{code}", "").strip()[:2000] for code in LANGUAGES}
    agent.name, agent.signatures = name, {code: text for code, text in given.items() if text}
    agent.save(update_fields=["name", "signatures"])
    return {}


def _change_password(request: HttpRequest, agent: Agent) -> dict[str, str]:
    if not agent.check_password(request.POST.get("password", "")):
        return {"password": _("This is not your password")}
    try:
        set_password(agent, request.POST["new_password"], actor=as_actor(agent))
    except ValidationError as error:
        return {"new_password": said_wrong(error)}
    update_session_auth_hash(request, agent)
    return {}
