"""The doors of the workspace; who gets what behind them is asked in `tests/architecture`."""

import re

import pytest
from django.test import Client

from tests.architecture.routes import LINES, Line
from tests.cast import Cast
from tests.workspace.conftest import BACKEND, Desk

SCREENS = [line for line in LINES if not line.route.startswith("/api/")]
CLOSED = [line for line in SCREENS if line.expected["anonymous"] == 302]
CLOSED = [line for line in CLOSED if line.route not in ("/", "/sign-out")]
DEEDS = [line for line in SCREENS if line.method == "POST"]


def address(line: Line) -> str:
    """Where it would be, whether it is there or not: the door comes first."""
    route = line.route.replace("<slug:kind>/<slug:language>", "reply/ru")
    return re.sub("<int:[a-z]+>", "1", re.sub("<(slug|str):[a-z]+>", "open", route))


@pytest.mark.parametrize("line", CLOSED, ids=lambda line: line.name)
def test_strangers_are_led_to_the_door(db: None, line: Line) -> None:
    response = Client().generic(line.method, address(line))
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in?next=")


def test_deeds_need_the_token(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.admin, backend=BACKEND)
    assert len(DEEDS) > 20
    for line in DEEDS:
        assert client.post(address(line)).status_code == 403, line.name


def test_pages_forbid_inline_code(cast: Cast, desk: Desk) -> None:
    response = desk(cast.anna).get("/views/open")
    policy = response["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy
    assert response["X-Content-Type-Options"] == "nosniff"
