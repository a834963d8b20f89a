"""How sign-in (django-allauth) behaves here: nobody signs up, everybody is shown by name."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from zabota.events.record import audit
from zabota.events.registry import SYSTEM, Actor
from zabota.staff.models import Agent


class StaffAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts come from invitations and the command line only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Agent | None:
        """Who has left does not come in; it sounds as if the password were wrong."""
        agent: Agent | None = super().authenticate(request, **credentials)
        return agent if agent is not None and agent.is_active else None

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """A wrong password is noted beside the account it was tried on, never the words tried."""
        tried = Agent.objects.filter(email__iexact=credentials.get("email") or "")
        pk = tried.values_list("pk", flat=True).first()
        audit("agent.sign_in_failed", actor=SYSTEM, agent=pk)

    def login(self, request: HttpRequest, user: Agent) -> None:
        """Begin the session, and note it."""
        super().login(request, user)
        audit("agent.signed_in", actor=Actor("agent", user.pk), agent=user.pk)


def display_name(agent: Agent) -> str:
    """What allauth calls somebody in its messages."""
    return str(agent)
