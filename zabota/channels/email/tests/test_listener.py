"""Mail handed in by a real SMTP client; `250` means that it is in the ledger."""

import os
import signal
import smtplib
import socket
import threading
from collections.abc import Iterator

import pytest
from django.db import OperationalError

from tests.ports import free_port, is_open
from tests.waiting import PATIENCE, until
from zabota.channels.email import listener, session
from zabota.channels.email.doors import Doors
from zabota.channels.email.settings import MailSettings
from zabota.channels.email.tests.running import Running
from zabota.company.actions import ensure_company
from zabota.core.environment import EnvironmentProblem
from zabota.intake.actions import add_inbox
from zabota.intake.models import Inbound, Inbox
from zabota.intake.queries import raw_bytes

pytestmark = pytest.mark.django_db(transaction=True)

MAIL = b"From: Dana <dana@example.ru>\r\nMessage-ID: <1@example.ru>\r\nSubject: x\r\n\r\nHello\r\n"
US = "help@example.com"


@pytest.fixture
def inbox() -> Inbox:
    ensure_company("en")
    return add_inbox(US)[0]


@pytest.fixture
def server(inbox: Inbox) -> Iterator[Running]:
    running = Running()
    yield running
    running.close()


@pytest.fixture
def port(server: Running) -> int:
    return int(server.port)


@pytest.fixture
def client(port: int) -> Iterator[smtplib.SMTP]:
    with _connect(port) as client:
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


def test_too_large(client: smtplib.SMTP) -> None:
    largest = MailSettings().largest
    assert client.esmtp_features["size"] == str(largest)
    with pytest.raises(smtplib.SMTPSenderRefused) as caught:
        client.sendmail("a@b.ru", [US], MAIL, mail_options=[f"SIZE={largest + 1}"])
    assert caught.value.smtp_code == 552


def test_too_large_without_saying_so(inbox: Inbox) -> None:
    running = Running(MailSettings(largest=100_000))
    with _connect(running.port) as client:
        client.helo()
        with pytest.raises(smtplib.SMTPDataError) as caught:
            client.sendmail("a@b.ru", [US], MAIL + b"x\r\n" * 50_000)
        client.sendmail("a@b.ru", [US], MAIL)
    running.close()
    assert caught.value.smtp_code == 552
    assert Inbound.objects.count() == 1
    assert running.shared.budget.left == MailSettings().in_flight


def test_all_sessions_together_hold_so_much(inbox: Inbox) -> None:
    """Two of them have room for one large mail: the second comes later, whole."""
    running = Running(MailSettings(in_flight=1_000_000))
    large = MAIL + b"x" * 600_000 + b"\r\n"
    with _connect(running.port) as first, _connect(running.port) as second:
        for client in (first, second):
            client.ehlo("client.example")
            client.docmd("MAIL FROM:<a@b.ru>")
            client.docmd(f"RCPT TO:<{US}>")
        assert first.docmd("DATA")[0] == 354
        first.send(large)
        until(lambda: running.shared.budget.left < 400_000)
        assert second.data(large) == (451, session.TOO_MUCH.removeprefix("451 ").encode())
        code, _words = second.docmd(f"MAIL FROM:<a@b.ru> SIZE={len(large)}")
        assert code == 452
        first.send(b".\r\n")
        assert first.getreply()[0] == 250
        assert running.shared.budget.left == 1_000_000
        second.sendmail("a@b.ru", [US], large + b"another\r\n")
    running.close()
    assert Inbound.objects.count() == 2


def test_who_goes_away_holds_nothing(inbox: Inbox) -> None:
    running = Running(MailSettings(in_flight=1_000_000))
    client = _connect(running.port)
    client.ehlo("client.example")
    client.docmd("MAIL FROM:<a@b.ru>")
    client.docmd(f"RCPT TO:<{US}>")
    client.docmd("DATA")
    client.send(b"x" * 500_000)
    until(lambda: running.shared.budget.left < 1_000_000)
    client.close()
    until(lambda: running.shared.budget.left == 1_000_000 and not running.shared.sessions)
    running.close()
    assert not Inbound.objects.exists()


def test_a_line_ended_otherwise_ends_no_mail(client: smtplib.SMTP) -> None:
    """Two mails in one, the second under a name of its own: SMTP smuggling."""
    client.docmd("MAIL FROM:<a@b.ru>")
    client.docmd(f"RCPT TO:<{US}>")
    client.docmd("DATA")
    inside = b"\n.\nMAIL FROM:<boss@b.ru>\n\r.\r"
    client.send(MAIL + inside + b"\r\n.\r\n")
    assert client.getreply()[0] == 250
    assert inside in raw_bytes(Inbound.objects.get())


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
    monkeypatch.setattr(session, "MOST_SESSIONS", 1)
    with _connect(port):
        with pytest.raises(smtplib.SMTPConnectError) as caught:
            _connect(port)
        assert caught.value.smtp_code == 421


def test_too_many_sessions_from_one_address(
    server: Running, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "MOST_FROM_ONE", 1)
    with _connect(port), _connect(port):
        pass  # this machine may be a relay for many
    until(lambda: not server.shared.sessions)
    monkeypatch.setattr(session, "is_here", lambda host: False)
    with _connect(port):
        with pytest.raises(smtplib.SMTPConnectError) as caught:
            _connect(port)
        assert caught.value.smtp_code == 421


def test_a_port_in_use(inbox: Inbox) -> None:
    other = socket.create_server(("127.0.0.1", 0))
    with other, pytest.raises(EnvironmentProblem, match="--smtp-port"):
        listener.serve(Doors("127.0.0.1", other.getsockname()[1]))


def test_a_stop_lets_mails_under_way_arrive(inbox: Inbox) -> None:
    """SIGTERM between RCPT and the end of the mail: it still gets its 250."""
    port = free_port()
    said = list[int]()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def send() -> None:
        until(lambda: is_open(port))
        client = _connect(port)
        client.ehlo("client.example")
        client.docmd("MAIL FROM:<dana@example.ru>")
        client.docmd(f"RCPT TO:<{US}>")
        os.kill(os.getpid(), signal.SIGTERM)
        said.append(client.data(MAIL)[0])
        client.close()

    sender = threading.Thread(target=send)
    sender.start()
    listener.serve(Doors("127.0.0.1", port))
    sender.join()
    for number, handler in before.items():
        signal.signal(number, handler)
    assert said == [250]
    assert Inbound.objects.count() == 1


def _connect(port: int) -> smtplib.SMTP:
    return smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE)
