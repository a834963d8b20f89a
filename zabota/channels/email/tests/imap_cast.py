"""What the tests of IMAP share: a Dovecot, an inbox that fetches there, mails."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.dovecot import PASSWORD, Dovecot
from tests.waiting import PATIENCE, until
from zabota.channels.email.fetcher import Fetcher, make_fetcher
from zabota.company.actions import ensure_company
from zabota.events.registry import SYSTEM
from zabota.intake.actions import add_inbox
from zabota.intake.inboxes import connect_inbox
from zabota.intake.models import Inbound, Inbox
from zabota.intake.sources import Secret, Source

US = "help@example.com"


def mail(number: int, *, size: int = 0, **headers: str) -> bytes:
    """A mail of its own."""
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    head = f"From: Dana <dana@example.ru>\r\nTo: {US}\r\nSubject: № {number}\r\n"
    head += f"Message-ID: <{number}@example.ru>\r\n{''.join(lines)}\r\n"
    return head.encode() + b"Hello\r\n" + b"x" * size


def fetching_inbox(dovecot: Dovecot, user: str, **given: Any) -> Inbox:
    """An inbox that fetches everything from this mailbox, unless told otherwise."""
    ensure_company("en")
    password = given.pop("password", PASSWORD)
    source = replace(Source(host="localhost", port=dovecot.port, user=user), **given)
    inbox = add_inbox(f"{user}@example.com")[0]
    return connect_inbox(inbox, source, Secret(password=password), actor=SYSTEM)


def running(inbox: Inbox) -> Iterator[Fetcher]:
    """Somebody who fetches there, until the end of the block."""
    fetcher = make_fetcher(inbox)
    assert fetcher
    fetcher.start()
    try:
        yield fetcher
    finally:
        fetcher.stop()
        fetcher.join(PATIENCE)
    assert not fetcher.is_alive()


def ids() -> list[str]:
    """What is in the ledger."""
    return list(Inbound.objects.order_by("id").values_list("external_id", flat=True))


def until_taken(count: int) -> None:
    """So many mails are in the ledger."""
    until(lambda: Inbound.objects.count() >= count)
