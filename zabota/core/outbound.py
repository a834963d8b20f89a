"""The one client for addresses that strangers and settings name: pictures, webhooks, discovery.

A name is resolved once; every address it has must be one of the whole world's; the connection goes
to exactly the one that was checked, whatever the name says a moment later. No proxy of the
environment, no cookies, no decompression.
"""

import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import httpx

from zabota.core.addresses import allows_loopback, is_public

log = logging.getLogger("zabota.outbound")

Resolve = Callable[[str, int], list[str]]

SECONDS = 10.0
MOST_BYTES = 10 * 1024 * 1024
_PORTS = {"http": 80, "https": 443}
_WELL_KNOWN, _PORTS_END = 1024, 65536
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
_SILENCE = 5.0
_LONGEST_URL = 8000


class OutboundRefused(Exception):
    """We do not talk to this address, or it did not answer as it should; the text says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and what the answer may cost."""

    method: str = "GET"
    headers: Mapping[str, str] | None = None
    content: bytes | None = None
    seconds: float = SECONDS
    most_bytes: int = MOST_BYTES
    redirects: int = 0


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name. Raises `OSError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(where[0]) for *_, where in found))


def ask(url: str, question: Question | None = None, *, resolve: Resolve = resolve) -> Answer:
    """Ask a stranger's server. Redirects are followed as often as the question says, each checked.

    Raises `OutboundRefused`.
    """
    question = question or Question()
    ends = time.monotonic() + question.seconds
    for _turn in range(question.redirects + 1):
        answer = _ask_once(url, question, resolve, ends)
        following = answer.headers.get("location")
        if answer.status not in (301, 302, 303, 307, 308) or not following:
            return answer
        try:
            url = str(httpx.URL(url).join(following))
        except (httpx.InvalidURL, ValueError):
            raise OutboundRefused("it leads to what is no address") from None
    raise OutboundRefused("it leads elsewhere")


def check_url(url: str, *, resolve: Resolve = resolve) -> tuple[httpx.URL, str]:
    """The address taken apart and the one IP address to connect to. Raises `OutboundRefused`."""
    parsed = _parsed(url)
    port = parsed.port or _PORTS[parsed.scheme]
    if port not in _PORTS.values() and not _WELL_KNOWN <= port < _PORTS_END:
        raise OutboundRefused(f"port {port} is not one of web pages")
    try:
        found = resolve(parsed.raw_host.decode("ascii").strip("[]"), port)
    except (OSError, UnicodeError):
        raise OutboundRefused(f"there is no {parsed.host}") from None
    if not found or not all(map(is_public, found)):
        raise OutboundRefused(f"{parsed.host} is not an address of the whole world's")
    if allows_loopback():
        log.warning("ZABOTA_ALLOW_LOOPBACK is set: strangers can reach this machine through us")
    return parsed, found[0]


def _parsed(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url[:_LONGEST_URL])
    except (httpx.InvalidURL, ValueError):
        raise OutboundRefused("it is not an address") from None
    if parsed.scheme not in _PORTS or not parsed.host:
        raise OutboundRefused("only http and https addresses are asked")
    if not _HOST.fullmatch(parsed.raw_host.decode("ascii").strip("[]")):
        raise OutboundRefused("it has no name a machine could have")
    if parsed.userinfo:
        raise OutboundRefused("an address with a password in it")
    return parsed


def _ask_once(url: str, question: Question, resolve: Resolve, ends: float) -> Answer:
    parsed, address = check_url(url, resolve=resolve)
    headers = {
        "Host": parsed.netloc.decode("ascii"),
        "User-Agent": "Zabota",
        "Accept-Encoding": "identity",
        **(question.headers or {}),
    }
    request = httpx.Request(
        question.method,
        parsed.copy_with(host=f"[{address}]" if ":" in address else address, fragment=None),
        headers=headers,
        content=question.content,
        extensions={"sni_hostname": parsed.raw_host.decode("ascii")},
    )
    try:
        with _client(ends) as client:
            return _read(client, request, question, ends)
    except httpx.HTTPError as error:
        raise OutboundRefused(f"{parsed.host} does not answer: {error}") from None
    except (RuntimeError, OSError, ValueError):  # closed by the clock, or no HTTP
        raise OutboundRefused(f"{parsed.host} does not answer in time") from None


@contextmanager
def _client(ends: float) -> Iterator[httpx.Client]:
    """A client that is closed when time is up, however slowly the other side drips."""
    left = max(ends - time.monotonic(), 0.01)
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=0)
    with httpx.Client(
        verify=_certificates(), trust_env=False, timeout=min(left, _SILENCE), limits=limits
    ) as client:
        clock = threading.Timer(left, client.close)
        clock.start()
        try:
            yield client
        finally:
            clock.cancel()


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    return ssl.create_default_context()


def _read(client: httpx.Client, request: httpx.Request, question: Question, ends: float) -> Answer:
    response = client.send(request, stream=True, follow_redirects=False)
    try:
        content = bytearray()
        for piece in response.iter_raw(64 * 1024):
            content += piece
            if len(content) > question.most_bytes:
                raise OutboundRefused("the answer is too large")
            if time.monotonic() > ends:
                raise OutboundRefused("the answer takes too long")
        return Answer(response.status_code, dict(response.headers), bytes(content))
    finally:
        response.close()
