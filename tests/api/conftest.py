"""A program with a token, talking to the API."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from tests.cast import Cast
from zabota.staff.actions import create_token
from zabota.staff.models import Agent
from zabota.staff.permissions import TOKEN_SCOPES

BASE = "/api/v1"


@dataclass
class Program:
    """Holds a token of this agent; `last` is the newest answer."""

    token: str
    client: Client = field(default_factory=Client)

    def ask(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **query: Any
    ) -> Any:
        """The response to a request, with its JSON at `.data`."""
        headers = {"authorization": f"Bearer {self.token}"}
        if key is not None:
            headers["idempotency-key"] = key
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        response = self.client.generic(
            method,
            BASE + path,
            b"" if body is None else content,
            content_type="application/json",
            headers=headers,
            query_params=query,
        )
        return with_data(response)

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of what must be a 200."""
        response = self.ask("GET", path, **query)
        assert response.status_code == 200, response.content
        return response.data

    def post(self, path: str, body: Any, status: int = 201, **options: Any) -> Any:
        """The JSON of what must be a 201."""
        response = self.ask("POST", path, body, **options)
        assert response.status_code == status, response.content
        return response.data

    def patch(self, path: str, body: Any, status: int = 200) -> Any:
        """The JSON of what must be a 200."""
        response = self.ask("PATCH", path, body)
        assert response.status_code == status, response.content
        return response.data

    def pages(self, path: str, **query: Any) -> list[list[Any]]:
        """The items of every page of a list."""
        pages, cursor = [], None
        while True:
            page = self.get(path, **query, **({"cursor": cursor} if cursor else {}))
            pages.append(page["items"])
            cursor = page["next"]
            if cursor is None:
                return pages


def with_data(response: Any) -> Any:
    """The response, its JSON at `.data`; a refusal must be a problem."""
    if response.status_code >= 400:
        assert response["Content-Type"] == "application/problem+json", response.content
    is_json = response["Content-Type"].partition(";")[0].endswith("json")
    response.data = json.loads(response.content or b"null") if is_json else None
    return response


def program(agent: Agent, *scopes: str) -> Program:
    """A program working for this agent, with all scopes if none are named."""
    return Program(create_token(agent, list(scopes or TOKEN_SCOPES)))


@pytest.fixture
def anna(cast: Cast) -> Program:
    """Анна's program."""
    return program(cast.anna)


@pytest.fixture
def vera(cast: Cast) -> Program:
    """Вера's program."""
    return program(cast.vera)


@pytest.fixture
def charlie(cast: Cast) -> Program:
    """The outsider's program."""
    return program(cast.charlie)
