"""An archive comes in whole, once, in order, and nothing goes out."""

import mailbox
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.cast import Cast
from zabota.channels.email.archives import find_mails
from zabota.channels.email.importer import Totals, import_mails
from zabota.intake.actions import add_inbox
from zabota.intake.models import Delivery, Inbox
from zabota.tickets.choices import AuthorKind, Direction, Status
from zabota.tickets.models import Message, Ticket

DANA, US = "Дана <dana@example.ru>", "help@house.example"


def mail(name: str, hour: int, *, sender: str = DANA, to: str = US, parent: str = "") -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, to, f"Письмо {name}"
    made["Message-ID"] = f"<{name}@x>"
    made["Date"] = f"Mon, 02 Mar 2026 {hour:02d}:00:00 +0300"
    if parent:
        made["References"] = f"<{parent}@x>"
    made.set_content(f"Слова {name}\nFrom the first line on")
    return made.as_bytes()


def conversation() -> list[bytes]:
    """An answer stands before what it answers, as archives are wont to."""
    return [
        mail("answer", 11, sender=US, to=DANA, parent="question"),
        mail("question", 10),
        mail("thanks", 12, parent="answer"),
        mail("other", 9, sender="else@example.org"),
    ]


@pytest.fixture
def inbox(cast: Cast) -> Inbox:
    return add_inbox(US)[0]


def as_mbox(folder: Path, mails: list[bytes]) -> None:
    box = mailbox.mbox(folder / "archive")
    for raw in mails:
        box.add(raw)
    box.close()


def as_maildir(folder: Path, mails: list[bytes]) -> None:
    box = mailbox.Maildir(folder / "Mail")
    for raw in mails[:2]:
        box.add(raw)
    sent = box.add_folder("Sent")
    for raw in mails[2:]:
        sent.add(raw)


def as_files(folder: Path, mails: list[bytes]) -> None:
    (folder / "deep").mkdir()
    for number, raw in enumerate(mails):
        (folder / "deep" / f"{number}.eml").write_bytes(raw)


@pytest.mark.parametrize("keep", [as_mbox, as_maildir, as_files])
def test_every_kind_of_archive(cast: Cast, inbox: Inbox, tmp_path: Path, keep: object) -> None:
    keep(tmp_path, conversation())  # type: ignore[operator]
    told: list[int] = []
    totals = import_mails(find_mails([tmp_path]), inbox, told.append)
    assert totals == Totals(received=4, tickets=2, replies=2)
    assert sum(told) == 4
    again = import_mails(find_mails([tmp_path]), inbox)
    assert again == Totals(received=4, duplicates=4)
    ticket = Ticket.objects.get(subject="Письмо question")
    said = [m.text.splitlines()[0] for m in ticket.messages.order_by("created_at")]
    assert said == ["Слова question", "Слова answer", "Слова thanks"]
    assert ticket.messages.filter(text__contains="\nFrom the first").count() == 3
    answer = Message.objects.get(external_id="answer@x")
    assert (answer.direction, answer.author_kind) == (Direction.OUT, AuthorKind.AGENT)
    assert (ticket.customer.name, ticket.status) == ("Дана", Status.OPEN)
    assert not Delivery.objects.exists()


def test_totals_add_up_whatever_is_in_the_folder(cast: Cast, inbox: Inbox, tmp_path: Path) -> None:
    as_files(tmp_path, [*conversation(), b"", b"\x00\xff" * 500, b"no headers at all"])
    (tmp_path / "notes.txt").write_text("not a mail")
    totals = import_mails(find_mails([tmp_path]), inbox)
    sums = totals.as_json()
    assert sums.pop("received") == sum(sums.values()) == 8
    assert (totals.tickets, totals.replies) == (2, 2)
