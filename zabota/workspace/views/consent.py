"""Letting an inbox in at its provider: an authorisation code with PKCE (RFC 7636) and a state."""

import hmac
import secrets

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from zabota.core.environment import env
from zabota.core.text import clean_line
from zabota.intake.inboxes import connect_inbox
from zabota.intake.models import Inbox
from zabota.intake.sources import FETCHING, Source, SourceTrouble, Trouble, source_of
from zabota.intake.troubles import say
from zabota.staff.models import Agent
from zabota.tickets.actions import as_actor
from zabota.workspace.toasts import add_toast
from zabota.workspace.views.access import for_agents
from zabota.workspace.views.inboxes import find

ASKED = "inbox-consent"  # in the session: what we asked for, once


@never_cache
@require_safe
@for_agents("inbox.manage")
def connect(request: HttpRequest, agent: Agent, pk: int) -> HttpResponse:
    """To the provider's page. A link, since forms may not lead to other sites; it changes nothing
    but what this session waits for."""
    inbox = find(agent, pk)
    source = _with_provider(inbox)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    request.session[ASKED] = {"inbox": pk, "state": state, "verifier": verifier}
    fetching = FETCHING[inbox.channel]
    return HttpResponseRedirect(fetching.consent_url(source, _back(request), state, verifier))


@never_cache
@require_safe
@for_agents("inbox.manage")
def connected(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Back from there with a code, which is worth a token, if it is us who asked."""
    asked = request.session.pop(ASKED, None)
    given = request.GET.get("state", "")
    if not asked or not hmac.compare_digest(asked["state"].encode(), given.encode()):
        raise Http404
    inbox = find(agent, asked["inbox"])
    source, code = _with_provider(inbox), request.GET.get("code", "")
    try:
        if not code:
            raise _refused(request)
        found = FETCHING[inbox.channel].exchange(source, _back(request), code, asked["verifier"])
    except SourceTrouble as trouble:
        words = say(trouble.kind, trouble.said)
        add_toast(request, f"{words.what}: {words.said}", icon="late")
    else:
        connect_inbox(inbox, source, found, actor=as_actor(agent))
        add_toast(request, _("%(address)s is connected") % {"address": inbox.address}, icon="mail")
    return HttpResponseRedirect(reverse("edit_inbox", args=[inbox.pk]))


def _refused(request: HttpRequest) -> SourceTrouble:
    return SourceTrouble(Trouble.CONSENT, clean_line(request.GET.get("error", "no code"), 80))


def _with_provider(inbox: Inbox) -> Source:
    source = source_of(inbox)
    if source is None or not source.provider:
        raise Http404
    return source


def _back(request: HttpRequest) -> str:
    """Where the provider sends people back to; it has to be registered there."""
    path = reverse("inbox_connected")
    return f"{env.public_url}{path}" if env.public_url else request.build_absolute_uri(path)
