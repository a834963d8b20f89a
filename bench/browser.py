"""A signed-in person whose requests go straight to the ASGI application: no socket, no server."""

import asyncio
import time
from collections.abc import MutableMapping
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.gauges import buffers
from zabota.staff.models import Agent


class Browser:
    """One session of one person."""

    def __init__(self, agent: Agent) -> None:
        self._client = Client(SERVER_NAME="localhost")
        self._client.force_login(agent)
        self._cookie = self._client.cookies[settings.SESSION_COOKIE_NAME].value

    def count_queries(self, path: str) -> int:
        """How many queries the page asks, by Django's own test client."""
        self._client.get(path)  # what is kept in memory for seconds counts for none of them
        with CaptureQueriesContext(connection) as captured:
            response = self._client.get(path)
        _must_be_ok(path, response.status_code)
        return len(captured)

    def count_buffers(self, path: str, times: int = 5) -> float:
        """How many blocks the page reads, on average of so many; the first ones only warm up."""
        for _ in range(2):
            self._client.get(path)
        own = -buffers() + buffers()
        before = buffers()
        for _ in range(times):
            _must_be_ok(path, self._client.get(path).status_code)
        return (buffers() - before - own) / times

    async def get(self, path: str) -> float:
        """Fetch a page; give back how many milliseconds it took."""
        from zabota.asgi import application

        started = time.perf_counter()
        status = 0

        async def send(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)

        await application(self._scope(path), _Request().receive, send)
        took = (time.perf_counter() - started) * 1000
        _must_be_ok(path, status)
        return took

    def _scope(self, path: str) -> dict[str, Any]:
        cookie = f"{settings.SESSION_COOKIE_NAME}={self._cookie}"
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [
                (b"host", b"localhost"),
                (b"cookie", cookie.encode()),
                (b"accept-language", b"ru,en;q=0.5"),
            ],
            "client": ("127.0.0.1", 40000),
            "server": ("127.0.0.1", 8000),
        }


class _Request:
    """An empty body; then the reader stays as long as it takes."""

    def __init__(self) -> None:
        self._read = False

    async def receive(self) -> MutableMapping[str, Any]:
        if self._read:
            await asyncio.Event().wait()
        self._read = True
        return {"type": "http.request", "body": b"", "more_body": False}


def _must_be_ok(path: str, status: int) -> None:
    if status != 200:
        raise RuntimeError(f"{path} answered {status}")
