"""Behind a real Postfix: it hands over by LMTP, and keeps what we cannot take yet."""

import smtplib
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import OperationalError

from tests.cast import make_cast, settle
from tests.intake.postfix import log_of, need_postfix, run_postfix, wait_for_port
from tests.intake.test_returns import ASKED, take_in
from tests.ports import free_port
from tests.waiting import PATIENCE, until
from zabota.channels.email import listener, send
from zabota.channels.email.tests.running import RunningLmtp
from zabota.company.actions import ensure_company
from zabota.core import clock
from zabota.core.environment import env
from zabota.customers.models import Identity
from zabota.intake.actions import add_inbox
from zabota.intake.deliveries import send_next
from zabota.intake.models import Delivery, Inbound
from zabota.intake.queries import raw_bytes
from zabota.tickets.choices import AuthorKind
from zabota.tickets.models import Message, Ticket
from zabota.tickets.writing import send_reply

pytestmark = pytest.mark.django_db(transaction=True)
SETTINGS = """\
virtual_mailbox_domains = example.com
virtual_transport = lmtp:inet:127.0.0.1:{port}
recipient_delimiter = +
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that Postfix may enter under its own name."""
    need_postfix()
    with tempfile.TemporaryDirectory(prefix="zabota-postfix-") as made:
        yield Path(made)


def test_behind_postfix(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_company("en")
    add_inbox("help@example.com")
    ours = RunningLmtp()
    port = free_port()
    with run_postfix(folder, port, SETTINGS.format(port=ours.port)):
        wait_for_port(port)
        _away_for_now(monkeypatch)
        _send(port, "1", "help@example.com", "help+Token@example.com", "nobody@example.com")
        until(lambda: "451 4.3.0" in log_of(folder))
        monkeypatch.undo()
        _send(port, "2", "help@example.com")
        until(lambda: Inbound.objects.count() == 2)
        until(lambda: log_of(folder).count("status=sent") == 3)
    ours.close()
    log = log_of(folder)
    assert "550 5.1.1 There is no such address here" in log
    entry = Inbound.objects.get(external_id="1@example.ru")
    assert set(entry.envelope["rcpt_to"]) == {"help@example.com", "help+Token@example.com"}
    assert "Привет".encode() in raw_bytes(entry)


def _away_for_now(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object, **options: object) -> None:
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(listener, "accept_inbound", away)


def _send(port: int, name: str, *recipients: str) -> None:
    mail = f"From: dana@example.ru\r\nMessage-ID: <{name}@example.ru>\r\n\r\nПривет\r\n"
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
        client.sendmail("dana@example.ru", recipients, mail.encode(), ["BODY=8BITMIME"])


@pytest.mark.parametrize("with_token", [True, False], ids=["signed", "by-its-fields"])
def test_what_postfix_returns(
    folder: Path, monkeypatch: pytest.MonkeyPatch, with_token: bool
) -> None:
    """We hand an answer to Postfix, it finds nobody there, and its report finds the answer."""
    cast = make_cast()
    inbox = add_inbox("help@example.com")[0]
    inbox.team = cast.first_line
    inbox.save()
    take_in(inbox, ASKED.replace("dana@example.ru", "nobody@example.com", 1))
    ours = RunningLmtp()
    port = free_port()
    monkeypatch.setattr(send, "env", replace(env, outgoing_mail=f"smtp://127.0.0.1:{port}"))
    if not with_token:
        monkeypatch.setattr(send, "LONGEST_LOCAL", 0)
    message = send_reply(Ticket.objects.get(), "Уже отправили", actor=cast.anna)
    Delivery.objects.update(due_at=clock.now())
    with run_postfix(folder, port, SETTINGS.format(port=ours.port)):
        wait_for_port(port)
        while send_next():
            pass
        until(lambda: Inbound.objects.filter(state=Inbound.State.RECEIVED).exists())
    ours.close()
    settle()
    sent = Delivery.objects.get(message_id=message.pk)
    assert sent.state == Delivery.State.FAILED
    assert "5.1.1" in sent.error and "There is no such address here" in sent.error
    report = Message.objects.get(author_kind=AuthorKind.MACHINE)
    assert report.ticket == message.ticket
    assert ("+b-" in str(Inbound.objects.get(pk=report.inbound_id or 0).envelope)) is with_token
    assert Identity.objects.get(value="nobody@example.com").bounced_at
