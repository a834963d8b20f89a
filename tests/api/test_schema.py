"""Schemathesis asks everything the schema allows, and much that it does not."""

from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.db import connection
from hypothesis import HealthCheck, settings

from tests.cast import Cast
from zabota.staff.actions import create_token
from zabota.staff.permissions import TOKEN_SCOPES
from zabota.tickets.writing import NewFile, write_note

# Whether there is a category, an agent or an inbox of that name no schema can say: 422.
CONFIG = schemathesis.Config.from_dict(
    {
        "generation": {"deterministic": True},
        "phases": {"coverage": {"unexpected-methods": ["PUT"]}},
        "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "403", "404", "422"]}},
    }
)
schema = schemathesis.openapi.from_wsgi(
    "/api/v1/openapi.json", get_wsgi_application(), config=CONFIG
)


@pytest.fixture
def token(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> str:
    """A token that may do everything, on a desk where something has happened."""
    # Requests must not end the test's own transaction.
    monkeypatch.setattr(connection, "close_if_unusable_or_obsolete", lambda: None)
    ticket = cast.receive()
    write_note(ticket, "вот", actor=cast.anna, files=[NewFile("a.txt", "text/plain", b"a")])
    return create_token(cast.admin, list(TOKEN_SCOPES))


@schema.parametrize()
@settings(max_examples=3, suppress_health_check=list(HealthCheck))
def test_the_api_is_as_it_says(case: Any, token: str) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"})
