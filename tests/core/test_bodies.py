"""A body without end is refused before it fills the disk."""

import asyncio
from typing import Any

import pytest

from zabota import asgi
from zabota.core import bodies


def send_pieces(pieces: list[bytes], announced: bytes = b"") -> tuple[int, int]:
    """POST these to the whole application; the status, and how many pieces were not taken."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/sign-in",
        "query_string": b"",
        "headers": [(b"content-length", announced)] if announced else [],
    }
    waiting, sent = list(pieces), []

    async def receive() -> Any:
        return {"type": "http.request", "body": waiting.pop(0), "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(asgi.application(scope, receive, send))
    return sent[0]["status"], len(waiting)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MOST", 100)


def test_an_announced_one_is_not_read() -> None:
    assert send_pieces([b"x"], announced=b"101") == (413, 1)


def test_an_endless_one_is_cut() -> None:
    assert send_pieces([b"x" * 40] * 10) == (413, 7)
