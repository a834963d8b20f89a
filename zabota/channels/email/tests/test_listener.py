"""Mail handed in by a real SMTP client; `250` means that it is in the ledger."""

import asyncio
import os
import signal
import smtplib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from aiosmtpd.smtp import SMTP
from django.db import OperationalError

from zabota.channels.email import listener
from zabota.company.actions import ensure_company
from zabota.core.environment import EnvironmentProblem
from zabota.intake.actions import add_inbox
from zabota.intake.models import Inbound, Inbox
from zabota.intake.queries import raw_bytes

pytestmark = pytest.mark.django_db(transaction=True)

MAIL = b"From: Dana <dana@example.ru>\r\nMessage-ID: <1@example.ru>\r\nSubject: x\r\n\r\nHello\r\n"
US = "help@example.com"


class Running:
    """The listener's server in a thread of its own."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        self.sessions: set[SMTP] = set()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self.thread.start()
        assert self.ready.wait(5)

    async def _serve(self) -> None:
        self.loop, self.stop = asyncio.get_running_loop(), asyncio.Event()
        server = await self.loop.create_server(
            lambda: listener._session(self.sessions), "127.0.0.1", 0
        )
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        async with server:
            await self.stop.wait()

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join()


@pytest.fixture
def inbox() -> Inbox:
    ensure_company("en")
    return add_inbox(US)[0]


@pytest.fixture
def port(inbox: Inbox) -> Iterator[int]:
    running = Running()
    yield running.port
    running.close()


@pytest.fixture
def client(port: int) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.ehlo("client.example")
        yield client


def test_what_is_acknowledged_is_in_the_ledger(client: smtplib.SMTP, inbox: Inbox) -> None:
    client.sendmail("dana@example.ru", [US], MAIL)
    entry = Inbound.objects.get()
    assert entry.inbox == inbox
    assert entry.external_id == "1@example.ru"
    assert entry.state == Inbound.State.RECEIVED
    assert entry.origin == Inbound.Origin.LIVE
    assert entry.envelope["mail_from"] == "dana@example.ru"
    assert entry.envelope["rcpt_to"] == [US]
    assert entry.envelope["helo"] == "client.example"
    assert raw_bytes(entry) == MAIL


def test_once(client: smtplib.SMTP) -> None:
    for _ in range(2):
        client.sendmail("dana@example.ru", [US], MAIL)
    client.sendmail("dana@example.ru", [US], b"Received: from x\r\n" + MAIL)
    assert Inbound.objects.count() == 1
    client.sendmail("dana@example.ru", [US], MAIL + b"another body\r\n")
    assert Inbound.objects.count() == 2


def test_an_address_with_a_token_is_the_inbox(client: smtplib.SMTP) -> None:
    client.sendmail("dana@example.ru", ["Help+ToKeN@Example.com"], MAIL)
    assert Inbound.objects.get().envelope["rcpt_to"] == ["Help+ToKeN@Example.com"]


@pytest.mark.parametrize(
    "address", ["nobody@example.com", "help@example.org", "help", "+t@example.com"]
)
def test_unknown_recipients_are_refused(client: smtplib.SMTP, address: str) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        client.sendmail("dana@example.ru", [address], MAIL)
    code, words = caught.value.recipients[address]
    assert code == 550
    assert words.startswith(b"5.1.1")


def test_an_inbox_switched_off_is_unknown(client: smtplib.SMTP) -> None:
    Inbox.objects.update(is_active=False)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        client.sendmail("dana@example.ru", [US], MAIL)


def test_one_mail_to_two_inboxes_is_one(client: smtplib.SMTP, inbox: Inbox) -> None:
    add_inbox("sales@example.com")
    client.sendmail("dana@example.ru", [US, "sales@example.com"], MAIL)
    assert Inbound.objects.get().inbox == inbox


def test_bytes_are_kept_as_they_are(client: smtplib.SMTP) -> None:
    odd = (
        MAIL
        + "cp1251: Привет\r\n".encode("cp1251")
        + b"..dots\r\n.\tx\r\n"
        + b"long " * 5000
        + b"\r\n\0\r\n"
    )
    client.sendmail("dana@example.ru", [US], odd, mail_options=["BODY=8BITMIME"])
    assert raw_bytes(Inbound.objects.get()) == odd


def test_addresses_in_letters_of_their_own(client: smtplib.SMTP) -> None:
    client.sendmail("дана@пример.рф", [US], MAIL, mail_options=["SMTPUTF8"])
    assert Inbound.objects.get().envelope["mail_from"] == "дана@пример.рф"


def test_a_null_sender(client: smtplib.SMTP) -> None:
    client.sendmail("", [US], MAIL)
    assert Inbound.objects.get().envelope["mail_from"] in ("", "<>")


def test_bytes_in_commands_that_are_no_text(client: smtplib.SMTP) -> None:
    assert client.docmd("MAIL FROM:<dana@example.ru>")[0] == 250
    client.send(b"RCPT TO:<\xcf\xf0\xe8@example.com>\r\n")
    assert client.getreply()[0] == 550


def test_too_large(client: smtplib.SMTP, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.esmtp_features["size"] == str(listener.LARGEST)
    with pytest.raises(smtplib.SMTPSenderRefused) as caught:
        client.sendmail("a@b.ru", [US], MAIL, mail_options=[f"SIZE={listener.LARGEST + 1}"])
    assert caught.value.smtp_code == 552


def test_too_large_without_saying_so(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "LARGEST", 100_000)
    running = Running()
    with smtplib.SMTP("127.0.0.1", running.port, timeout=10) as client:
        client.helo()
        with pytest.raises(smtplib.SMTPDataError) as caught:
            client.sendmail("a@b.ru", [US], MAIL + b"x\r\n" * 50_000)
    running.close()
    assert caught.value.smtp_code == 552
    assert not Inbound.objects.exists()


def test_nothing_to_log_in_to(client: smtplib.SMTP) -> None:
    assert "auth" not in client.esmtp_features


@pytest.mark.parametrize("broken", ["find_inbox", "accept_inbound"])
def test_without_a_database_the_sender_keeps_the_mail(
    client: smtplib.SMTP, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def away(*args: object, **options: object) -> None:
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(listener, broken, away)
    with pytest.raises(smtplib.SMTPException) as caught:
        client.sendmail("dana@example.ru", [US], MAIL)
    assert "451" in str(caught.value)
    assert "4.3.0" in str(caught.value)
    monkeypatch.undo()
    client.sendmail("dana@example.ru", [US], MAIL)
    assert Inbound.objects.count() == 1


def test_too_many_recipients(client: smtplib.SMTP, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "MOST_RECIPIENTS", 2)
    refused = client.sendmail("a@b.ru", [f"help+{i}@example.com" for i in range(3)], MAIL)
    assert [code for code, _ in refused.values()] == [452]


def test_too_many_sessions(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "MOST_SESSIONS", 1)
    with smtplib.SMTP("127.0.0.1", port, timeout=10):
        with pytest.raises(smtplib.SMTPConnectError) as caught:
            smtplib.SMTP("127.0.0.1", port, timeout=10)
        assert caught.value.smtp_code == 421


def test_a_port_in_use(inbox: Inbox) -> None:
    other = socket.create_server(("127.0.0.1", 0))
    with other, pytest.raises(EnvironmentProblem, match="--smtp-port"):
        listener.serve("127.0.0.1", other.getsockname()[1])


def test_a_stop_lets_mails_under_way_arrive(inbox: Inbox) -> None:
    """SIGTERM between RCPT and the end of the mail: it still gets its 250."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    said = list[int]()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def send() -> None:
        client = _connect(port)
        client.ehlo("client.example")
        client.docmd("MAIL FROM:<dana@example.ru>")
        client.docmd(f"RCPT TO:<{US}>")
        os.kill(os.getpid(), signal.SIGTERM)
        said.append(client.data(MAIL)[0])
        client.close()

    sender = threading.Thread(target=send)
    sender.start()
    listener.serve("127.0.0.1", port)
    sender.join()
    for number, handler in before.items():
        signal.signal(number, handler)
    assert said == [250]
    assert Inbound.objects.count() == 1


def _connect(port: int) -> smtplib.SMTP:
    until = time.monotonic() + 10
    while True:
        try:
            return smtplib.SMTP("127.0.0.1", port, timeout=10)
        except ConnectionRefusedError:
            assert time.monotonic() < until
