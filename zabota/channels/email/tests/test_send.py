"""Handing mail to a real SMTP server in this process, friendly or not."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.ports import free_port
from tests.waiting import PATIENCE
from zabota.channels.email import send
from zabota.channels.email.parse import parse_mail
from zabota.channels.email.send import read_relay, send_mail
from zabota.channels.email.tests.test_compose import ANSWER
from zabota.core.environment import EnvironmentProblem, env
from zabota.intake.protocol import Address, NotConfigured, SendFailed


class Sink:
    """The server on the other side; `answers` has what it says instead of 250."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.taken: list[Envelope] = []

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.taken.append(envelope)
        return self.answers.get("data", "250 OK")

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return self.answers.get("quit", "221 Bye")


@pytest.fixture
def relay(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Start a server like this and let mail go out through it."""
    running: list[Controller] = []

    def start(sink: Sink, user: str = "", **options: Any) -> None:
        port = free_port()
        controller = Controller(
            sink, hostname="127.0.0.1", port=port, ready_timeout=PATIENCE, **options
        )
        controller.start()
        running.append(controller)
        configure(monkeypatch, f"smtp://{user}127.0.0.1:{port}")

    yield start
    for controller in running:
        controller.stop()


def configure(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(send, "env", replace(env, outgoing_mail=url))


def failure() -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        send_mail(ANSWER)
    return caught.value


def test_sent(relay: Callable[..., None]) -> None:
    sink = Sink()
    relay(sink)
    send_mail(replace(ANSWER, cc=(Address("copy@example.ru"),)))
    (envelope,) = sink.taken
    assert envelope.mail_from == "help@example.com"
    assert envelope.rcpt_tos == ["dana@example.ru", "copy@example.ru"]
    assert isinstance(envelope.content, bytes)
    assert parse_mail(envelope.content).text == ANSWER.text


def test_a_receipt_cannot_come_back(relay: Callable[..., None]) -> None:
    sink = Sink()
    relay(sink)
    send_mail(replace(ANSWER, automatic=True))
    assert sink.taken[0].mail_from == "<>"


@pytest.mark.parametrize(
    ("answers", "reason", "retry"),
    [
        ({"dana@example.ru": "550 5.1.1 No such user"}, "550 5.1.1 No such user", False),
        ({"dana@example.ru": "450 4.2.1 Greylisted"}, "450 4.2.1 Greylisted", True),
        ({"mail": "550 5.7.1 Not you"}, "550 5.7.1 Not you", False),
        ({"data": "554 5.7.1 Spam"}, "554 5.7.1 Spam", False),
        ({"data": "451 4.3.0 Later"}, "451 4.3.0 Later", True),
    ],
)
def test_refused(
    relay: Callable[..., None], answers: dict[str, str], reason: str, retry: bool
) -> None:
    relay(Sink(**answers))
    error = failure()
    assert reason in str(error)
    assert error.retry is retry


def test_what_is_taken_is_sent_whatever_the_server_says_in_the_end(
    relay: Callable[..., None],
) -> None:
    sink = Sink(quit="421 4.3.2 Shutting down")
    relay(sink)
    send_mail(ANSWER)  # raises nothing, or it would be sent again
    assert len(sink.taken) == 1


def test_a_return_says_which_one_it_was(relay: Callable[..., None]) -> None:
    sink = Sink()
    relay(sink)
    send_mail(replace(ANSWER, return_token="t0ken"))
    assert sink.taken[0].mail_from == "help+b-t0ken@example.com"


def test_a_relay_that_wants_our_own_address_only(relay: Callable[..., None]) -> None:
    """Yandex, Mail.ru: `553 5.7.1 Sender address rejected: not owned by auth user`."""

    class Strict(Sink):
        async def handle_MAIL(
            self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
        ) -> str:
            if address != "help@example.com":
                return "553 5.7.1 Sender address rejected: not owned by auth user"
            return await super().handle_MAIL(server, session, envelope, address, options)

    sink = Strict()
    relay(sink)
    send_mail(replace(ANSWER, return_token="t0ken"))
    assert [e.mail_from for e in sink.taken] == ["help@example.com"]


def test_one_of_several_refused_is_not_sent_twice(relay: Callable[..., None]) -> None:
    sink = Sink(**{"copy@example.ru": "550 5.1.1 No such user"})
    relay(sink)
    send_mail(replace(ANSWER, cc=(Address("copy@example.ru"),)))
    assert len(sink.taken) == 1


def test_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, "smtp://127.0.0.1:1")
    assert failure().retry


def test_no_server_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, "")
    with pytest.raises(NotConfigured):
        send_mail(ANSWER)


def test_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, "smtp://127.0.0.1:1")
    with pytest.raises(SendFailed, match="nobody") as caught:
        send_mail(replace(ANSWER, to=(Address("nobody"),)))
    assert not caught.value.retry


def test_name_and_password(relay: Callable[..., None]) -> None:
    def check(
        server: SMTP, session: Session, envelope: Envelope, how: str, what: Any
    ) -> AuthResult:
        return AuthResult(success=(what.login, what.password) == (b"me", b"p@ss"), handled=False)

    sink = Sink()
    relay(sink, "me:p%40ss@", authenticator=check, auth_require_tls=False)
    send_mail(ANSWER)
    relay(sink, "me:wrong@", authenticator=check, auth_require_tls=False)
    assert "password" in str(failure())
    assert len(sink.taken) == 1


@pytest.mark.parametrize(
    ("url", "port", "user", "tls"),
    [
        ("smtp://mail.example.com", 25, "", False),
        ("smtps://mail.example.com", 465, "", True),
        ("smtp://a%40b:c@mail.example.com:587", 587, "a@b", False),
    ],
)
def test_setting(url: str, port: int, user: str, tls: bool) -> None:
    relay = read_relay(url)
    assert relay
    assert (relay.host, relay.port, relay.user) == ("mail.example.com", port, user)
    assert relay.tls_from_start is tls


@pytest.mark.parametrize(
    "url", ["mail.example.com", "http://x", "smtp://", "smtp://x:port", "smtp://x:0"]
)
def test_wrong_setting(url: str) -> None:
    with pytest.raises(EnvironmentProblem, match="ZABOTA_OUTGOING_MAIL"):
        read_relay(url)
