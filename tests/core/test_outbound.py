"""The one client for strangers' addresses: it goes where it looked, and nowhere inside."""

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.waiting import PATIENCE
from zabota.core import addresses, outbound
from zabota.core.addresses import is_public
from zabota.core.outbound import OutboundRefused, Question, ask, check_url

INSIDE = """
0.0.0.0 0.1.2.3 10.1.2.3 100.64.0.1 127.0.0.1 127.9.9.9 169.254.169.254 172.16.0.1 172.31.255.255
192.0.0.8 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.5 224.0.0.1 224.0.1.1
239.1.1.1 240.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254
::127.0.0.1 ::10.0.0.1 64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b:1::1 100::1 2001:db8::1 2001::1
2001:0:7f00:1:: 2002:7f00:1:: 2002:a00:1:: fc00::1 fd12:3456::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1
ff0e::1 2001:20::1 example.com 127.1 0x7f.1 1
""".split()  # noqa: SIM905  read like a list of the world's
OUTSIDE = ["8.8.8.8", "93.184.216.34", "2a00:1450:4010::1", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_addresses_outside_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://example.com/a", "file:///etc/passwd", "gopher://example.com", "//example.com/a"),
        *("http://", "http:///a", "javascript:alert(1)", "http://user:word@example.com/"),
        *("http://example.com:25/", "http://example.com:22/", "http://exa mple.com/", "a", ""),
        *("http://[::1/", "http://example.com:99999/", "http://[fe80::1%25eth0]/"),
    ],
)
def test_addresses_that_are_none_are_refused(url: str) -> None:
    with pytest.raises(OutboundRefused):
        check_url(url, resolve=lambda _host, _port: ["93.184.216.34"] if "fe80" not in url else [])


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0", "[::1]"]
)
def test_every_spelling_of_this_machine_is_refused(host: str) -> None:
    with pytest.raises(OutboundRefused):
        check_url(f"http://{host}:8000/")


def test_one_address_inside_is_enough_to_refuse() -> None:
    with pytest.raises(OutboundRefused, match="whole world"):
        check_url("http://two.example/", resolve=lambda _h, _p: ["93.184.216.34", "10.0.0.1"])


class Pages(BaseHTTPRequestHandler):
    """A stranger's server."""

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers["Host"], self.headers["Cookie"]))  # type: ignore[attr-defined]
        getattr(self, self.path.strip("/").partition("?")[0] or "page")()

    def page(self) -> None:
        self._say(200, b"here")

    def away(self) -> None:
        self._say(302, b"", ("Location", "http://inside.example/secret"))

    def round(self) -> None:
        self._say(302, b"", ("Location", "/page"))

    def large(self) -> None:
        self._say(200, b"a" * 50_000)

    def endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        while not self.server.over.wait(0.02):  # type: ignore[attr-defined]
            self.wfile.write(b"a")

    def dripping(self) -> None:
        while not self.server.over.wait(0.02):  # type: ignore[attr-defined]
            self.wfile.write(b"H")

    def _say(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Set-Cookie", "a=b")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


class Quiet(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """We hang up on purpose."""


@pytest.fixture
def server() -> Iterator[Quiet]:
    made = Quiet(("127.0.0.1", 0), Pages)
    made.seen, made.over = [], threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.over.set()  # type: ignore[attr-defined]
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture
def url(server: Quiet, monkeypatch: pytest.MonkeyPatch) -> str:
    """The stranger's address; only for this test his machine counts as one of the world's."""
    monkeypatch.setattr(outbound, "is_public", lambda a: a == "127.0.0.1" or addresses.is_public(a))
    return f"http://pictures.example:{server.server_address[1]}"


def here(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def test_it_connects_to_the_address_that_was_checked(server: Quiet, url: str) -> None:
    answer = ask(f"{url}/page", resolve=here)
    assert (answer.status, answer.content) == (200, b"here")
    port = server.server_address[1]
    assert server.seen == [("/page", f"pictures.example:{port}", None)]  # type: ignore[attr-defined]


def test_a_name_that_changes_its_address_is_asked_once(
    server: Quiet, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second answer of a rebinding resolver leads inside; nobody asks for it."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    asked, system = list[str](), socket.getaddrinfo

    def noted(host: str, *rest: Any, **more: Any) -> Any:
        asked.append(host)
        return system(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", noted)
    assert ask(f"{url}/page", resolve=lambda _h, _p: next(answers)).status == 200
    with pytest.raises(OutboundRefused, match="whole world"):
        ask(f"{url}/page", resolve=lambda _h, _p: next(answers))
    assert len(server.seen) == 1  # type: ignore[attr-defined]
    assert set(asked) == {"127.0.0.1"}  # no name behind our back


def test_redirects_are_checked_like_any_address(server: Quiet, url: str) -> None:
    def by_name(host: str, _port: int) -> list[str]:
        return ["10.0.0.1"] if host == "inside.example" else ["127.0.0.1"]

    with pytest.raises(OutboundRefused, match="leads elsewhere"):
        ask(f"{url}/round", resolve=here)
    assert ask(f"{url}/round", Question(redirects=1), resolve=here).content == b"here"
    with pytest.raises(OutboundRefused, match="whole world"):
        ask(f"{url}/away", Question(redirects=3), resolve=by_name)
    assert [cookie for *_, cookie in server.seen] == [None] * 4  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["large", "endless", "dripping"])
def test_neither_much_nor_long(url: str, path: str) -> None:
    started = time.monotonic()
    with pytest.raises(OutboundRefused):
        ask(f"{url}/{path}", Question(seconds=0.5, most_bytes=10_000), resolve=here)
    assert time.monotonic() - started < PATIENCE  # two of them would never end


def test_loopback_for_development_is_said_loudly(
    server: Quiet, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ZABOTA_ALLOW_LOOPBACK", "1")
    assert ask(f"http://127.0.0.1:{server.server_address[1]}/page").status == 200
    assert "ZABOTA_ALLOW_LOOPBACK" in caplog.text
    assert not is_public("10.0.0.1")
