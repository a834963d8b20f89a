"""How sign-in (django-allauth) behaves here: nobody signs up, everybody is shown by name."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from zabota.staff.models import Agent


class StaffAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts come from invitations and the command line only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Agent | None:
        """Who has left does not come in; it sounds as if the password were wrong."""
        agent: Agent | None = super().authenticate(request, **credentials)
        return agent if agent is not None and agent.is_active else None


def display_name(agent: Agent) -> str:
    """What allauth calls somebody in its messages."""
    return str(agent)
