"""Requests end somewhere: Django writes a body to disk before anybody has looked who sends it."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

# Files of one message may have 20 MB together; somewhat more is refused by the form, in words.
MOST = 64 * 1024 * 1024

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


async def bounded(application: Application, scope: Message, receive: Receive, send: Send) -> None:
    """Run an ASGI application on a request with a body of at most `MOST` bytes, else answer 413."""
    if _announced(scope) > MOST:
        await _refuse(send)
        return
    left = MOST

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        return message if left >= 0 else {"type": "http.disconnect"}

    await application(scope, counted, send)
    if left < 0:  # it was still reading, and has not answered
        await _refuse(send)


def _announced(scope: Message) -> int:
    length = dict(scope.get("headers", ())).get(b"content-length", b"")
    return int(length) if length.isdigit() else 0


async def _refuse(send: Send) -> None:
    """RFC 9457, as the API says no; a browser shows it too."""
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    problem = {"type": "about:blank", "title": status.phrase, "status": status.value}
    headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(problem).encode()})
