"""What goes wrong with a mail server: nothing is lost, nothing doubled, and it is said."""

import socket
import threading
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from django.db import OperationalError

from tests.dovecot import PASSWORD, Dovecot
from tests.ports import free_port
from tests.waiting import until
from zabota.channels.email import fetch
from zabota.channels.email.fetcher import LONGEST, SHORTEST, Patience
from zabota.channels.email.fetching import ImapFetching
from zabota.channels.email.identity import identify
from zabota.channels.email.imap import Mailbox
from zabota.channels.email.models import MailboxPosition
from zabota.channels.email.tests.imap_cast import fetching_inbox, ids, mail, running, until_taken
from zabota.intake.actions import accept_inbound
from zabota.intake.models import Inbound, Inbox, InboxHealth
from zabota.intake.sources import After, Secret, Security, Source, SourceTrouble, Trouble, source_of

pytestmark = pytest.mark.django_db(transaction=True)
fetches = contextmanager(running)


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zabota.channels.email.fetcher.Patience.take", lambda _self: 0.1)


def health(inbox: Inbox) -> InboxHealth:
    return InboxHealth.objects.get(inbox=inbox)


def test_a_server_that_restarts_in_the_middle(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.deliver("restart", *(mail(number) for number in range(300)))
    inbox = fetching_inbox(dovecot, "restart")
    keep, cuts = fetch.Round._keep, threading.Event()

    def cut_once(self: fetch.Round, heads: Any) -> list[int]:
        if self.done >= 100 and not cuts.is_set():
            cuts.set()
            dovecot.stop()
            dovecot.start()
        return keep(self, heads)

    monkeypatch.setattr(fetch.Round, "_keep", cut_once)
    with fetches(inbox) as fetcher:
        until(lambda: fetcher.rounds > 0)
    assert cuts.is_set()
    assert ids() == [f"{number}@example.ru" for number in range(300)]
    assert health(inbox).trouble == ""


def test_another_uidvalidity_reads_all_and_takes_what_is_new(dovecot: Dovecot) -> None:
    dovecot.deliver("validity", *(mail(number) for number in range(120)))
    inbox = fetching_inbox(dovecot, "validity")
    with fetches(inbox) as fetcher:
        until(lambda: fetcher.rounds > 0)
    before = MailboxPosition.objects.get()
    dovecot.stop()
    dovecot.forget_validity("validity")
    dovecot.start()
    dovecot.deliver("validity", mail(500))
    with fetches(inbox) as fetcher:
        until(lambda: fetcher.rounds > 0)
    assert sorted(ids()) == sorted(f"{n}@example.ru" for n in [*range(120), 500])
    after = MailboxPosition.objects.exclude(pk=before.pk).get()
    assert (before.uid, after.uid) == (120, 121)
    assert after.uidvalidity != before.uidvalidity


@pytest.mark.parametrize("after", [After.LEAVE, After.DELETE])
def test_what_smtp_brought_is_not_taken_again(dovecot: Dovecot, after: After) -> None:
    user = f"twice{after}"
    inbox = fetching_inbox(dovecot, user, after=after)
    external_id, body_hash = identify(mail(1))
    accept_inbound(inbox, mail(1), external_id=external_id, body_hash=body_hash, envelope={})
    dovecot.deliver(user, b"Received: from a relay\r\n" + mail(1), mail(2))
    with fetches(inbox) as fetcher:
        until(lambda: fetcher.rounds > 0)
    assert ids() == ["1@example.ru", "2@example.ru"]


def test_a_position_that_was_not_written_costs_one_window(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.deliver("position", mail(1))
    inbox = fetching_inbox(dovecot, "position", after=After.DELETE)
    move, failures = fetch.Round._move_to, [OperationalError("gone"), OperationalError("gone")]

    def fail_twice(self: fetch.Round, uid: int) -> None:
        if failures:
            raise failures.pop()
        move(self, uid)

    monkeypatch.setattr(fetch.Round, "_move_to", fail_twice)
    with fetches(inbox) as fetcher:
        until(lambda: fetcher.rounds > 0)
    assert not failures and ids() == ["1@example.ru"]


def test_nothing_is_done_there_before_it_is_safe_here(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.deliver("full", mail(1))
    inbox = fetching_inbox(dovecot, "full", after=After.DELETE)
    refusals: list[Exception] = [OSError(28, "No space left"), OperationalError("no")]

    def no_room(*args: Any, **given: Any) -> int | None:
        if refusals:
            raise refusals.pop()
        return accept_inbound(*args, **given)

    monkeypatch.setattr(fetch, "accept_inbound", no_room)
    with fetches(inbox) as fetcher:
        until_taken(1)
        until(lambda: fetcher.rounds > 0)
    assert not refusals
    assert health(inbox).trouble == ""  # not the server's fault


def test_a_folder_to_move_to_that_is_missing_stops_nothing(dovecot: Dovecot) -> None:
    dovecot.deliver("nowhere", mail(1))
    inbox = fetching_inbox(dovecot, "nowhere", after=After.MOVE, move_to="Nowhere")
    with fetches(inbox) as fetcher:
        until(lambda: fetcher.rounds > 0)
        dovecot.deliver("nowhere", mail(2))
        until_taken(2)
        until(lambda: fetcher.rounds > 1)
    found = health(inbox)
    assert found.trouble.startswith(Trouble.AFTERWARDS.value) and "Nowhere" in found.trouble
    assert found.worked_at and found.trouble_since and found.trouble_since < found.worked_at


def silent_server() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def wrong(dovecot: Dovecot, what: Trouble) -> tuple[Source, Secret]:
    well = Source("localhost", dovecot.port, "anna")
    secret = Secret(password=PASSWORD)
    return {
        Trouble.NAME: (replace(well, host="no-such-name.invalid"), secret),
        Trouble.PORT: (replace(well, port=free_port()), secret),
        Trouble.NO_TLS: (replace(well, port=dovecot.plain_port), secret),
        Trouble.CERTIFICATE: (replace(well, host="127.0.0.1"), secret),
        Trouble.SIGN_IN: (well, Secret(password="wrong")),
        Trouble.FOLDER: (replace(well, folder="Входящие"), secret),
    }[what]


@pytest.mark.parametrize(
    "what",
    [
        Trouble.NAME,
        Trouble.PORT,
        Trouble.NO_TLS,
        Trouble.CERTIFICATE,
        Trouble.SIGN_IN,
        Trouble.FOLDER,
    ],
)
def test_a_test_says_what_is_wrong(dovecot: Dovecot, what: Trouble) -> None:
    source, secret = wrong(dovecot, what)
    found = ImapFetching().test(source, secret)
    assert found.trouble == what and found.said
    assert bool(found.folders) == (what == Trouble.FOLDER)


def test_a_test_of_what_works_tells_the_folders(dovecot: Dovecot) -> None:
    client = dovecot.client("folders")
    client.create("&BBAEQARFBDgEMg-")
    client.logout()
    dovecot.deliver("folders", mail(1))
    source = Source("localhost", dovecot.plain_port, "folders", security=Security.STARTTLS)
    found = ImapFetching().test(source, Secret(password=PASSWORD))
    assert found.is_well and found.waiting == 1
    assert set(found.folders) == {"INBOX", "Архив"}
    found = ImapFetching().test(replace(source, folder="Архив"), Secret(password=PASSWORD))
    assert found.is_well and found.waiting == 0


def test_a_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zabota.channels.email.fetching.TEST_TIMEOUT", 0.2)
    with silent_server() as server:
        source = Source("127.0.0.1", server.getsockname()[1], "anna", security=Security.NONE)
        assert ImapFetching().test(source, Secret(password="a")).trouble == Trouble.SILENCE


def test_trouble_is_noted_since_when_and_goes(dovecot: Dovecot) -> None:
    inbox = fetching_inbox(dovecot, "trouble", password="wrong")
    with fetches(inbox):
        until(lambda: health(inbox).trouble.startswith(Trouble.SIGN_IN.value))
        first = health(inbox)
        until(lambda: (health(inbox).checked_at or 0) > first.checked_at)  # type: ignore[operator]
        assert health(inbox).trouble_since == first.trouble_since
        assert health(inbox).worked_at is None
    Inbox.objects.update(secret=Secret(password=PASSWORD).sealed())
    inbox.refresh_from_db()
    with fetches(inbox):
        until(lambda: health(inbox).trouble == "")
    assert health(inbox).worked_at and health(inbox).trouble_since is None


def test_a_key_that_is_gone_is_said(dovecot: Dovecot, settings: Any) -> None:
    inbox = fetching_inbox(dovecot, "key")
    settings.SECRET_KEY = "another"
    with fetches(inbox):
        until(lambda: health(inbox).trouble.startswith(Trouble.SECRET.value))


def test_patience_doubles_up_to_a_quarter_of_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    patience = Patience()
    waits = [patience.take() for _ in range(10)]
    assert SHORTEST <= waits[0] <= SHORTEST * 1.3
    assert all(a <= b * 1.3 for a, b in pairwise(waits))
    assert waits[-1] == LONGEST
    patience.renew()
    assert patience.take() < 10


def test_a_server_that_stumbles_over_one_mail(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.deliver("stumble", mail(1), mail(2), mail(3))
    inbox = fetching_inbox(dovecot, "stumble", after=After.DELETE)
    bodies = Mailbox.bodies

    def stumble(self: Mailbox, uids: Any, part: str = "") -> dict[int, bytes]:
        if not part and 2 in uids:
            raise SourceTrouble(Trouble.SERVER, "internal error")
        return bodies(self, uids, part)

    monkeypatch.setattr(Mailbox, "bodies", stumble)
    with fetches(inbox) as fetcher:
        until(lambda: fetcher.rounds > 0)
    assert ids() == [f"{n}@example.ru" for n in (1, 2, 3)]
    second = Inbound.objects.get(external_id="2@example.ru")
    assert second.envelope["not_fetched"] == "the server does not hand it out"
    source = source_of(inbox)
    assert source
    found = ImapFetching().test(source, Secret(password=PASSWORD))
    assert found.waiting == 1
