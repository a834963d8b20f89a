"""What stands in front of the desk is believed; what stands in front of that is not."""

import asyncio
from typing import Any

import pytest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from zabota.cli.roles import PROXIES


@pytest.mark.parametrize(
    ("proxy", "said", "client"),
    [
        ("127.0.0.1", b"203.0.113.9", "203.0.113.9"),
        ("10.1.2.3", b"198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("10.1.2.3", b"198.51.100.1, 203.0.113.9, 172.17.0.2", "203.0.113.9"),
        ("203.0.113.9", b"198.51.100.1", "203.0.113.9"),
    ],
)
def test_where_a_request_comes_from(proxy: str, said: bytes, client: str) -> None:
    found = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        found.append(scope["client"][0])

    scope: Any = {"type": "http", "client": (proxy, 1), "headers": [(b"x-forwarded-for", said)]}
    middle: Any = ProxyHeadersMiddleware(application, PROXIES)
    asyncio.run(middle(scope, None, None))
    assert found == [client]
