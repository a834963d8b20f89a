"""Handing mail on under TLS: from the start (smtps) or asked for (STARTTLS), to whom we trust."""

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.ports import free_port
from tests.waiting import PATIENCE
from zabota.channels.email import send
from zabota.channels.email.send import send_mail
from zabota.channels.email.tests.running import Pair, make_certificate
from zabota.channels.email.tests.test_compose import ANSWER
from zabota.channels.email.tests.test_send import Sink, configure, failure

Start = Callable[..., None]


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return make_certificate(tmp_path)


@pytest.fixture
def relay(monkeypatch: pytest.MonkeyPatch, pair: Pair) -> Iterator[Start]:
    """Start a server with this certificate and let mail go out through it."""
    running: list[Controller] = []

    def start(sink: Sink, scheme: str, user: str = "") -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pair.certificate, pair.key)
        how: dict[str, Any] = (
            {"ssl_context": context} if scheme == "smtps" else {"tls_context": context}
        )
        asked: dict[str, Any] = (
            {"authenticator": lambda *_: AuthResult(success=True)} if user else {}
        )
        port = free_port()
        at: dict[str, Any] = {"hostname": "127.0.0.1", "port": port, "ready_timeout": PATIENCE}
        controller = Controller(sink, **at, **how, **asked)
        controller.start()
        running.append(controller)
        configure(monkeypatch, f"{scheme}://{user}127.0.0.1:{port}")

    yield start
    for controller in running:
        controller.stop()


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
def test_sent_to_a_server_we_trust(
    relay: Start, scheme: str, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pair.certificate))
    sink = Sink()
    relay(sink, scheme)
    send_mail(ANSWER)
    assert len(sink.taken) == 1


def test_with_a_password(relay: Start, pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pair.certificate))
    sink = Sink()
    relay(sink, "smtp", "me:secret@")
    send_mail(ANSWER)
    assert len(sink.taken) == 1


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
def test_not_to_a_server_anybody_could_be(
    relay: Start, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate nobody vouches for: the mail waits, and the reason is said."""
    monkeypatch.setattr(send, "_is_here", lambda host: False)
    sink = Sink()
    relay(sink, scheme)
    error = failure()
    assert error.retry
    assert "certificate verify failed" in str(error)
    assert not sink.taken


def test_to_this_machine_whatever_its_certificate(relay: Start) -> None:
    sink = Sink()
    relay(sink, "smtp", "me:secret@")
    send_mail(ANSWER)
    assert len(sink.taken) == 1
