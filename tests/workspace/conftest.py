"""Somebody at a browser, without the browser."""

from collections.abc import Callable

import pytest
from django.test import Client

from tests.cast import Cast
from zabota.staff.models import Agent
from zabota.workspace.context import rail

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
Desk = Callable[[Agent], Client]


@pytest.fixture
def desk(cast: Cast) -> Desk:
    """The desk of this agent, signed in, speaking English."""

    def sign_in(agent: Agent) -> Client:
        client = Client(headers={"accept-language": "en"})
        client.force_login(agent, backend=BACKEND)
        return client

    return sign_in


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    rail._counted.clear()
