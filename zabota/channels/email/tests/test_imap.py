"""Mail fetched from a real Dovecot: everything, once, and nothing is touched that need not be."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.dovecot import Dovecot
from tests.waiting import until
from zabota.channels.email.models import MailboxPosition
from zabota.channels.email.tests.imap_cast import (
    fetching_inbox,
    ids,
    mail,
    running,
    until_taken,
)
from zabota.intake.models import Inbound, InboxHealth
from zabota.intake.queries import raw_bytes
from zabota.intake.sources import After

pytestmark = pytest.mark.django_db(transaction=True)
fetches = contextmanager(running)
MAILS = [mail(number) for number in range(3)]


def numbers(*of: int) -> list[str]:
    return [f"{number}@example.ru" for number in of]


def flags(dovecot: Dovecot, user: str, folder: str = "INBOX") -> list[bytes]:
    client = dovecot.client(user)
    client.select(folder, readonly=True)
    found = client.uid("FETCH", "1:*", "(FLAGS)")[1]
    client.logout()
    return [bytes(one) for one in found if isinstance(one, bytes)]


def test_everything_is_taken_once_and_left_unseen(dovecot: Dovecot) -> None:
    dovecot.deliver("anna", *MAILS)
    inbox = fetching_inbox(dovecot, "anna")
    with fetches(inbox) as fetcher:
        until(lambda: fetcher.rounds > 0)
    with fetches(inbox) as fetcher:
        until(lambda: fetcher.rounds > 0)
    assert ids() == numbers(0, 1, 2)
    entry = Inbound.objects.order_by("id")[0]
    assert raw_bytes(entry) == MAILS[0]
    assert entry.inbox == inbox and entry.envelope["folder"] == "INBOX"
    assert all(b"Seen" not in line for line in flags(dovecot, "anna"))
    assert MailboxPosition.objects.get().uid == 3


def test_a_seen_mail_is_taken_too(dovecot: Dovecot) -> None:
    dovecot.deliver("bob", MAILS[0])
    client = dovecot.client("bob")
    client.select("INBOX")
    client.store("1", "+FLAGS", r"(\Seen)")
    client.logout()
    with fetches(fetching_inbox(dovecot, "bob")):
        until_taken(1)


def test_what_arrives_while_idle_is_here_before_the_next_look(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zabota.channels.email.fetcher.IDLE_FOR", 3600.0)
    with fetches(fetching_inbox(dovecot, "idle")) as fetcher:
        until(lambda: fetcher.rounds > 0)
        for number in range(3):
            dovecot.deliver("idle", mail(number))
            until_taken(number + 1)
    assert InboxHealth.objects.get().figures["idle"] is True


def test_without_idle_it_is_asked_for(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zabota.channels.email.imap.Mailbox.can", lambda _self, what: False)
    monkeypatch.setattr("zabota.channels.email.fetcher.POLL", 0.1)
    with fetches(fetching_inbox(dovecot, "poll")) as fetcher:
        until(lambda: fetcher.rounds > 0)
        dovecot.deliver("poll", MAILS[0])
        until_taken(1)


def test_from_now_on_leaves_what_was_there(dovecot: Dovecot) -> None:
    dovecot.deliver("now", MAILS[0])
    later = datetime.now(UTC) + timedelta(days=1)
    inbox = fetching_inbox(dovecot, "now", since=later)
    with fetches(inbox) as fetcher:
        until(lambda: fetcher.rounds > 0)
        dovecot.deliver("now", MAILS[1])  # above: by its number it is new, whatever its date
        until_taken(1)
    assert ids() == numbers(1)
    assert Inbound.objects.get().origin == Inbound.Origin.LIVE
    with fetches(inbox) as fetcher:
        until(lambda: fetcher.rounds > 0)
    assert ids() == numbers(1)


def test_what_lay_there_before_is_history(dovecot: Dovecot) -> None:
    client = dovecot.client("old")
    client.append("INBOX", "", '"01-Feb-2025 09:00:00 +0300"', MAILS[0])
    client.append("INBOX", "", '"01-Feb-2026 09:00:00 +0300"', MAILS[1])
    client.logout()
    since = datetime(2025, 6, 1, tzinfo=UTC)
    with fetches(fetching_inbox(dovecot, "old", since=since)):
        until_taken(1)
    entry = Inbound.objects.get()
    assert entry.external_id == "1@example.ru"
    assert entry.origin == Inbound.Origin.IMPORT
    assert entry.received_at == datetime(2026, 2, 1, 6, tzinfo=UTC)


def test_seen_afterwards(dovecot: Dovecot) -> None:
    dovecot.deliver("seen", *MAILS)
    with fetches(fetching_inbox(dovecot, "seen", after=After.SEEN)) as fetcher:
        until(lambda: fetcher.rounds > 0)
    assert [b"Seen" in line for line in flags(dovecot, "seen")] == [True] * 3


def test_moved_afterwards(dovecot: Dovecot) -> None:
    dovecot.deliver("move", *MAILS)
    client = dovecot.client("move")
    client.create("Zabota/Done")
    client.logout()
    inbox = fetching_inbox(dovecot, "move", after=After.MOVE, move_to="Zabota/Done")
    with fetches(inbox) as fetcher:
        until(lambda: fetcher.rounds > 0)
    assert ids() == numbers(0, 1, 2)
    assert flags(dovecot, "move") == []
    assert len(flags(dovecot, "move", "Zabota/Done")) == 3


@pytest.mark.parametrize("without", ["", "MOVE", "UIDPLUS"])
def test_deleted_afterwards_but_only_ours(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch, without: str
) -> None:
    user = f"delete{without.lower()}"
    dovecot.deliver(user, *MAILS)
    client = dovecot.client(user)
    client.select("INBOX")
    client.create("Done")
    client.append("INBOX", r"(\Deleted)", "", mail(9, size=51 * 1024 * 1024))
    client.logout()
    monkeypatch.setattr(
        "zabota.channels.email.imap.Mailbox.can",
        lambda self, what: what != without and what in self.client.capabilities,
    )
    after = After.MOVE if without == "MOVE" else After.DELETE
    inbox = fetching_inbox(dovecot, user, after=after, move_to="Done")
    with fetches(inbox) as fetcher:
        until(lambda: fetcher.rounds > 0)
    left = flags(dovecot, user)
    assert len(left) == (4 if without == "UIDPLUS" else 1)
    assert all(b"Deleted" in line for line in left)


def test_a_mail_beyond_measure_is_noted_and_left(dovecot: Dovecot) -> None:
    dovecot.deliver("large", mail(0, size=50 * 1024 * 1024), mail(1))
    inbox = fetching_inbox(dovecot, "large", after=After.DELETE)
    with fetches(inbox) as fetcher:
        until(lambda: fetcher.rounds > 0)
    large, small = Inbound.objects.order_by("id")
    assert large.external_id == "0@example.ru" and len(raw_bytes(large)) < 1000
    assert large.envelope["not_fetched"] == "50 MB are more than 50 MB"
    assert "not_fetched" not in small.envelope
    assert len(flags(dovecot, "large")) == 1
