"""Fault 1: web, worker, mail and postmaster killed at random while mail comes in three ways."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dovecot import PASSWORD, Dovecot
from tests.fault import is_full, report
from tests.faults.oracle import SendersLedger, examine
from tests.faults.senders import Letter, Mailbox, MailServer, by_lmtp, by_smtp
from tests.faults.whole_desk import Killer, WholeDesk, a_whole_desk
from tests.upkeep.desks import INBOX

# Mails, seconds in which they come, seconds between kills.
MAILS, SECONDS, PAUSES = (5_000, 240.0, (3.0, 10.0)) if is_full() else (150, 7.0, (0.5, 1.5))
APPLIED = "SELECT count(*) FROM intake_inbound WHERE state = 1"


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    server = Dovecot()
    server.start()
    yield server
    server.close()


def letters(sender: str, count: int, to: str = INBOX) -> list[Letter]:
    return [Letter(sender, number, to) for number in range(count)]


@pytest.mark.faults
def test_nothing_is_lost_or_doubled_whoever_is_killed(tmp_path: Path, dovecot: Dovecot) -> None:
    secrets = {"ZABOTA_IMAP_PASSWORD": PASSWORD, "SSL_CERT_FILE": str(dovecot.cert)}
    with a_whole_desk(tmp_path / "desk", **secrets) as desk:
        fetch_from(desk, dovecot)
        ledger, began = SendersLedger(), time.monotonic()
        killer = Killer(desk, random.Random(1), PAUSES, lambda: desk.count(APPLIED))
        try:
            send_all(desk, dovecot, ledger)
        finally:
            killed = killer.stop()
        took = time.monotonic() - began
        found = examine(desk, ledger)
        waited = time.monotonic() - began - took
        assert len(ledger.acknowledged) == MAILS
    report(
        1,
        f"{MAILS} mails by SMTP, LMTP and IMAP in {took:.0f} s, killed {killed};"
        f" {ledger.tries - MAILS} tries repeated: {found}; drained {waited:.0f} s later",
    )


def fetch_from(desk: WholeDesk, dovecot: Dovecot) -> None:
    box = f"imaps://dana@localhost:{dovecot.port}/"
    desk.zabota("inbox", "add", "--address", "dana@example.com", "--imap", box, "--since", "all")


def send_all(desk: WholeDesk, dovecot: Dovecot, ledger: SendersLedger) -> None:
    """A third each way; by SMTP and LMTP from two senders each."""
    third, sixth = MAILS // 3, MAILS // 6
    fetched = letters("imap", third, "dana@example.com")
    rest = MAILS - third - 3 * sixth
    smtp, lmtp = by_smtp(desk.smtp_port), by_lmtp(desk.lmtp_port)
    ways = [(smtp, sixth), (smtp, sixth), (lmtp, sixth), (lmtp, rest)]
    senders = [
        MailServer(ledger, letters(f"s{i}", count), connect, SECONDS / count)
        for i, (connect, count) in enumerate(ways)
    ]
    mailbox = Mailbox(ledger, fetched, dovecot, SECONDS / third)
    for sender in senders:
        sender.finish()
    mailbox.finish()
