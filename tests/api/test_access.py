"""Tokens, scopes, and errors that are always problems."""

from datetime import timedelta
from unittest import mock

import pytest
from django.db import OperationalError
from django.test import Client, override_settings

from tests.api.conftest import Program, program, with_data
from tests.cast import Cast
from zabota.core import clock
from zabota.staff.models import ApiToken


def test_without_a_token(client: Client, db: None) -> None:
    response = with_data(client.get("/api/v1/tickets"))
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="zabota"'
    assert response.data["title"] == "Unauthorized"


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer nonsense", "Bearer zbt_é", "Basic eA==", "zbt_"]
)
def test_with_what_is_no_token(client: Client, cast: Cast, header: str) -> None:
    response = with_data(client.get("/api/v1/tickets", headers={"authorization": header}))
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer ")


def test_a_token_that_has_ended(anna: Program) -> None:
    ApiToken.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    response = anna.ask("GET", "/tickets")
    assert response.status_code == 401
    assert "invalid_token" in response["WWW-Authenticate"]


def test_the_token_of_somebody_who_left(cast: Cast, anna: Program) -> None:
    cast.anna.is_active = False
    cast.anna.save()
    assert anna.ask("GET", "/tickets").status_code == 401


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("tickets:read", "GET", "/tickets"),
        ("tickets:read", "GET", "/tickets/1"),
        ("tickets:read", "GET", "/tickets/1/messages"),
        ("tickets:read", "GET", "/attachments/1"),
        ("tickets:read", "GET", "/search?q=x"),
        ("tickets:write", "POST", "/tickets"),
        ("tickets:write", "PATCH", "/tickets/1"),
        ("tickets:write", "POST", "/tickets/1/messages"),
        ("events:read", "GET", "/events"),
    ],
)
def test_without_the_scope(cast: Cast, scope: str, method: str, path: str) -> None:
    others = {"tickets:read", "tickets:write", "events:read"} - {scope}
    response = program(cast.admin, *others).ask(method, path, {} if method != "GET" else None)
    assert response.status_code == 403
    assert f'error="insufficient_scope", scope="{scope}"' in response["WWW-Authenticate"]


def test_a_session_is_no_token(client: Client, cast: Cast) -> None:
    client.force_login(cast.admin)
    assert client.get("/api/v1/tickets").status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v2/tickets",
        "/api/v1/tickets/x",
        "/api/v1/tickets/-1",
        "/api/v1/tickets/1/",
    ],
)
def test_unknown_addresses(client: Client, db: None, path: str) -> None:
    if path == "/api":
        return
    response = with_data(client.get(path))
    assert response.status_code == 404
    assert response.data == {
        "type": "about:blank", "title": "Not Found", "status": 404, "detail": "Not Found",
    }  # fmt: skip


def test_a_number_nobody_can_count_to(anna: Program) -> None:
    assert anna.ask("GET", f"/tickets/{10**40}").status_code == 404
    assert anna.ask("GET", f"/tickets/{'9' * 5000}").status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "OPTIONS", "PATCH"])
def test_methods_there_are_not(client: Client, db: None, method: str) -> None:
    response = with_data(client.generic(method, "/api/v1/tickets"))
    assert response.status_code == 405
    assert {m.strip() for m in response["Allow"].split(",")} == {"GET", "HEAD", "POST"}


def test_head_is_like_get(anna: Program) -> None:
    response = anna.ask("HEAD", "/tickets")
    assert response.status_code == 200
    assert response.content == b""


def test_the_schema_is_open_and_only_read(client: Client, db: None) -> None:
    schema = client.get("/api/v1/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    paths = {
        "/api/v1/tickets",
        "/api/v1/tickets/{number}",
        "/api/v1/tickets/{number}/messages",
        "/api/v1/events",
        "/api/v1/search",
        "/api/v1/attachments/{pk}",
    }
    assert set(schema["paths"]) == paths
    assert with_data(client.post("/api/v1/openapi.json")).status_code == 405


def test_our_own_fault_is_a_problem_without_its_secrets(
    anna: Program, caplog: pytest.LogCaptureFixture
) -> None:
    with mock.patch("zabota.api.views.search.search_tickets", side_effect=RuntimeError("secret")):
        response = anna.ask("GET", "/search", q="x")
    assert response.status_code == 500
    assert b"secret" not in response.content
    assert "secret" in caplog.text


def test_a_database_that_is_away_can_be_asked_again(anna: Program) -> None:
    with mock.patch("zabota.api.access.find_token", side_effect=OperationalError("gone")):
        response = anna.ask("GET", "/tickets")
    assert (response.status_code, response["Retry-After"]) == (503, "5")


def test_too_large(cast: Cast, anna: Program) -> None:
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=100):
        response = anna.ask("POST", "/tickets", {"text": "x" * 200})
    assert response.status_code == 413


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff\xfe", b"[" * 100_000, b"1" * 10_000, b'{"a": NaN', b"\x00"],
)
def test_bodies_that_are_no_json(cast: Cast, anna: Program, body: bytes) -> None:
    assert anna.ask("POST", "/tickets", body).status_code == 400


def test_wrong_fields_are_named(cast: Cast, anna: Program) -> None:
    body = {"subject": "", "text": "a", "customer": {"email": "no", "phone": "1"}, "a/b~": "red"}
    data = anna.post("/tickets", body, status=422)
    assert data["title"] == "Unprocessable Entity"
    pointers = {error["pointer"] for error in data["errors"]}
    assert pointers == {"#/subject", "#/customer/email", "#/customer/phone", "#/a~1b~0"}
    for query in ({"limit": 0}, {"statsu": "open"}, {"view": "everything"}):
        response = anna.ask("GET", "/tickets", **query)
        assert response.status_code == 422
        assert [error["parameter"] for error in response.data["errors"]] == list(query)


def test_a_strange_host(cast: Cast, anna: Program) -> None:
    anna.client = Client(HTTP_HOST="evil.example")
    cast.receive()
    assert anna.ask("GET", "/tickets").status_code == 400
