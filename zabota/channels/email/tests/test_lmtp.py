"""Mail handed in by LMTP, and under STARTTLS: the same ledger, answered as each protocol wants."""

import os
import signal
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import OperationalError

from tests.ports import free_port
from tests.waiting import PATIENCE, until
from zabota.channels.email import listener
from zabota.channels.email.doors import Doors
from zabota.channels.email.settings import MailSettings, mail_settings
from zabota.channels.email.tests.running import Running, RunningLmtp, make_certificate
from zabota.channels.email.tls import Certificate
from zabota.company.actions import ensure_company
from zabota.core.environment import EnvironmentProblem
from zabota.intake.actions import add_inbox
from zabota.intake.models import Inbound, Inbox

pytestmark = pytest.mark.django_db(transaction=True)

MAIL = b"From: Dana <dana@example.ru>\r\nMessage-ID: <1@example.ru>\r\nSubject: x\r\n\r\nHello\r\n"
US, SALES = "help@example.com", "sales@example.com"


@pytest.fixture
def inbox() -> Inbox:
    ensure_company("en")
    add_inbox(SALES)
    return add_inbox(US)[0]


@pytest.fixture
def client(inbox: Inbox) -> Iterator[smtplib.LMTP]:
    running = RunningLmtp()
    client = smtplib.LMTP("127.0.0.1", running.port)
    client.ehlo("relay.example")
    yield client
    client.close()
    running.close()


@contextmanager
def _own_signals() -> Iterator[None]:
    """Put back what a listener does at a signal, once it is over."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def _hand_in(client: smtplib.LMTP, *recipients: str) -> list[int]:
    """The answers after the mail, one for each recipient taken (RFC 2033 §4.2)."""
    client.docmd("MAIL FROM:<dana@example.ru>")
    taken = sum(client.docmd(f"RCPT TO:<{r}>")[0] == 250 for r in recipients)
    assert client.docmd("DATA")[0] == 354
    client.send(MAIL + b".\r\n")
    return [client.getreply()[0] for _ in range(taken)]


def test_one_answer_for_each_recipient(client: smtplib.LMTP, inbox: Inbox) -> None:
    assert _hand_in(client, US, "nobody@example.com", SALES) == [250, 250]
    assert Inbound.objects.get().inbox == inbox
    assert client.docmd("NOOP")[0] == 250  # nothing more was said


def test_each_is_told_to_try_again(client: smtplib.LMTP, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object, **options: object) -> None:
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(listener, "accept_inbound", away)
    assert _hand_in(client, US, SALES) == [451, 451]
    monkeypatch.undo()
    assert _hand_in(client, US, SALES) == [250, 250]


def test_many_commands_at_once(client: smtplib.LMTP) -> None:
    assert client.has_extn("pipelining")
    client.send(f"MAIL FROM:<a@b.ru>\r\nRCPT TO:<{US}>\r\nRCPT TO:<x@y.ru>\r\nDATA\r\n".encode())
    assert [client.getreply()[0] for _ in range(4)] == [250, 250, 550, 354]
    client.send(MAIL + b".\r\nQUIT\r\n")
    assert [client.getreply()[0] for _ in range(2)] == [250, 221]


def test_nobody_to_take_it_for(client: smtplib.LMTP) -> None:
    client.docmd("MAIL FROM:<dana@example.ru>")
    assert client.docmd("RCPT TO:<nobody@example.com>")[0] == 550
    assert client.docmd("DATA")[0] == 503


@pytest.mark.parametrize("command", ["EHLO", "HELO"])
def test_smtp_is_another_protocol(client: smtplib.LMTP, command: str) -> None:
    assert client.docmd(f"{command} relay.example")[0] == 500


def test_at_a_socket_and_a_port(inbox: Inbox, tmp_path: Path) -> None:
    """`zabota mail --lmtp-socket --lmtp-port`, with a socket a kill left behind."""
    path = tmp_path / "lmtp"
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    doors = Doors("127.0.0.1", free_port(), free_port(), str(path))
    said = list[int]()

    def hand_in() -> None:
        until(lambda: path.stat().st_mode & 0o777 == 0o666)
        for host, port in ((str(path), 0), ("127.0.0.1", doors.lmtp_port or 0)):
            with smtplib.LMTP(host, port) as client:
                client.ehlo("relay.example")
                said.extend(_hand_in(client, US))
        os.kill(os.getpid(), signal.SIGTERM)

    sender = threading.Thread(target=hand_in)
    sender.start()
    with _own_signals():
        listener.serve(doors)
    sender.join()
    assert said == [250, 250]
    assert Inbound.objects.count() == 1
    assert not path.exists()


def test_a_folder_that_is_not_there(inbox: Inbox, tmp_path: Path) -> None:
    doors = Doors("127.0.0.1", free_port(), None, str(tmp_path / "none" / "lmtp"))
    with _own_signals(), pytest.raises(EnvironmentProblem, match="--lmtp-socket"):
        listener.serve(doors)


def test_encrypted_once_asked_for(inbox: Inbox, tmp_path: Path) -> None:
    pair = make_certificate(tmp_path)
    running = Running(MailSettings(certificate=str(pair.certificate), key=str(pair.key)))
    context = ssl.create_default_context(cafile=str(pair.certificate))
    with smtplib.SMTP("127.0.0.1", running.port, timeout=PATIENCE) as client:
        client.ehlo()
        assert client.has_extn("starttls")
        assert client.starttls(context=context)[0] == 220
        client.ehlo()
        assert not client.has_extn("starttls")
        assert not client.has_extn("auth")
        client.sendmail("dana@example.ru", [US], MAIL)
        assert len(running.shared.sessions) == 1
    running.close()
    assert Inbound.objects.count() == 1


def test_what_is_said_before_encryption_does_not_count_after(inbox: Inbox, tmp_path: Path) -> None:
    """Commands slipped in behind STARTTLS in clear must not be run (CVE-2011-0411)."""
    pair = make_certificate(tmp_path)
    running = Running(MailSettings(certificate=str(pair.certificate), key=str(pair.key)))
    with socket.create_connection(("127.0.0.1", running.port), PATIENCE) as raw:
        said = raw.makefile("rb")
        raw.sendall(b"EHLO x\r\n")
        while not said.readline().startswith(b"250 "):
            pass
        raw.sendall(b"STARTTLS\r\nMAIL FROM:<evil@example.com>\r\n")
        assert said.readline().startswith(b"220")
        raw.shutdown(socket.SHUT_WR)
        answer = said.readline()
    running.close()
    assert not answer.startswith(b"250")


def test_a_renewed_certificate_counts_at_once(tmp_path: Path) -> None:
    pair = make_certificate(tmp_path)
    certificate = Certificate(str(pair.certificate), str(pair.key))
    first = certificate.context()
    assert certificate.context() is first
    make_certificate(tmp_path, "new.example.com")
    renewed = certificate.context()
    assert renewed is not first
    pair.certificate.write_text("half written")
    assert certificate.context() is renewed


def test_no_certificate_there(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="ZABOTA_SMTP_CERT"):
        Running(MailSettings(certificate=str(tmp_path / "none.crt")))


@pytest.mark.parametrize("said", ["many", "0", "-5"])
def test_sizes_are_numbers(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZABOTA_MAIL_SIZE", said)
    with pytest.raises(EnvironmentProblem, match="ZABOTA_MAIL_SIZE"):
        mail_settings.__wrapped__()
