"""Machines answering machines: at most two automatic answers a day for each pair (fault 7)."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from tests.cast import settle
from tests.fault import report
from zabota.channels.email import send
from zabota.channels.email.compose import compose_mail
from zabota.channels.email.identity import identify
from zabota.channels.email.parse import parse_mail
from zabota.company.actions import ensure_company
from zabota.core import clock
from zabota.core.environment import env
from zabota.events.apps import load_rooms
from zabota.events.models import Epoch
from zabota.intake.actions import accept_inbound, add_inbox
from zabota.intake.deliveries import _thaw
from zabota.intake.models import Delivery, Inbox
from zabota.tickets import placing
from zabota.tickets.choices import Status
from zabota.tickets.models import Message, Ticket

START = datetime(2026, 11, 20, 9, tzinfo=UTC)
ROBOT = "robot@example.ru"


@pytest.fixture
def inbox(db: None, monkeypatch: pytest.MonkeyPatch) -> Inbox:
    load_rooms()
    Epoch.objects.get_or_create(defaults={"number": 1})
    ensure_company("ru")
    monkeypatch.setattr(send, "env", replace(env, outgoing_mail=""))
    return add_inbox("help@example.com")[0]


def _take_in(inbox: Inbox, raw: bytes, recipient: str) -> None:
    external_id, body_hash = identify(raw)
    envelope = {"mail_from": ROBOT, "rcpt_to": [recipient]}
    accept_inbound(inbox, raw, external_id=external_id, body_hash=body_hash, envelope=envelope)
    settle()


def _letter(sender: str, to: str, n: int, subject: str = "Вопрос") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Message-ID"] = f"<{n}-{sender}>"
    mail.set_content(f"Здравствуйте, это письмо {n}")
    return mail


def _mails_of(row: Delivery) -> EmailMessage:
    return compose_mail(_thaw(row))


@pytest.mark.faults
@pytest.mark.parametrize("answers_to", ["From", "Reply-To"])
def test_an_auto_responder_without_headers(inbox: Inbox, answers_to: str) -> None:
    """It answers each of our mails at once, and says nothing of being a machine."""
    seen = 0
    with clock.at(START):
        _take_in(inbox, bytes(_letter(ROBOT, inbox.address, 0)), inbox.address)
    for hour in range(1, 24):
        with clock.at(START + timedelta(hours=hour)):
            fresh = list(Delivery.objects.filter(pk__gt=seen).order_by("pk"))
            rows: list[Delivery | None] = [*fresh]
            for row in rows or [None]:
                seen = row.pk if row else seen
                to = str(_mails_of(row)[answers_to]) if row else inbox.address
                to = re.sub(r".*<(.*)>", r"\1", to)
                _take_in(inbox, bytes(_letter(ROBOT, to, hour, "Меня нет")), to)
    answers = Delivery.objects.filter(is_automatic=True, recipient=ROBOT).count()
    how = f"an auto-responder without headers that answers {answers_to}"
    report(7, f"{how}: {answers} automatic answers in a day, at most 2")
    assert 0 < answers <= 2


@pytest.mark.faults
@pytest.mark.parametrize("stripped", [False, True], ids=["whole", "headers-lost"])
def test_two_desks(inbox: Inbox, stripped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two desks answer each other for a day; a relay between may lose what says so."""
    other = add_inbox("desk@example.net")[0]
    desks = {inbox.address: inbox, other.address: other}
    here: set[tuple[str, str]] = set()  # each knows only its own address
    monkeypatch.setattr(placing, "own_addresses", lambda: here)
    seen = n = 0
    with clock.at(START):
        here.add(("email", inbox.address))
        mail = _letter(other.address, inbox.address, 0)
        _take_in(inbox, bytes(mail), inbox.address)
    for hour in range(1, 24):
        with clock.at(START + timedelta(hours=hour)):
            for row in Delivery.objects.filter(pk__gt=seen).order_by("pk"):
                seen, n = row.pk, n + 1
                mail = _mails_of(row)
                del mail["Message-ID"]  # two desks in one database would know each other's
                mail["Message-ID"] = f"<{n}@on-the-way.example>"
                for name in ("Auto-Submitted", "X-Auto-Response-Suppress") if stripped else ():
                    del mail[name]
                here.clear()
                here.add(("email", row.recipient))
                _take_in(desks[row.recipient], bytes(mail), row.recipient)
    automatic = Delivery.objects.filter(is_automatic=True)
    counts = [automatic.filter(inbox=desk).count() for desk in desks.values()]
    how = "headers lost between them" if stripped else "headers whole"
    report(7, f"two desks, {how}: {counts} automatic answers in a day, at most 2 each")
    assert 0 < max(counts) <= 2


def test_an_automatic_answer_is_kept_and_reopens_nothing(inbox: Inbox) -> None:
    _take_in(inbox, bytes(_letter("dana@example.ru", inbox.address, 1)), inbox.address)
    ticket = Ticket.objects.get()
    Ticket.objects.update(status=Status.SOLVED, outcome=1, solved_at=clock.now())
    away = _letter("dana@example.ru", inbox.address, 2, "Я в отпуске")
    away["In-Reply-To"] = "<1-dana@example.ru>"
    away["Auto-Submitted"] = "auto-replied"
    _take_in(inbox, bytes(away), inbox.address)
    ticket.refresh_from_db()
    assert ticket.status == Status.SOLVED
    assert (
        Message.objects.filter(ticket=ticket)
        .order_by("-id")
        .values_list("is_automatic", flat=True)[0]
    )
    assert Delivery.objects.count() == 1  # the receipt of the first


def test_what_went_out_from_here_is_not_answered(inbox: Inbox) -> None:
    """A mail of ours, forwarded back to us under a new id."""
    mail = _letter("someone@example.org", inbox.address, 1)
    mail["X-Loop"] = "Help@Example.com"
    assert parse_mail(bytes(mail)).auto_submitted
    del mail["X-Loop"]
    mail["X-Loop"] = "list@example.org"
    assert not parse_mail(bytes(mail)).auto_submitted


def test_passed_on_without_end() -> None:
    mail = _letter("someone@example.org", "help@example.com", 1)
    few, many = (b"Received: from x by y\r\n" * n + bytes(mail) for n in (20, 60))
    assert not parse_mail(few).auto_submitted
    assert parse_mail(many).auto_submitted
