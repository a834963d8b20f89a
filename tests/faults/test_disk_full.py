"""Fault 4: no room for files, then none for the database, while mail comes in."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from tests.fault import is_full, report
from tests.faults.oracle import FAR, LEDGER, SendersLedger, examine
from tests.faults.senders import Letter, MailServer, by_lmtp, by_smtp
from tests.faults.whole_desk import WholeDesk, a_whole_desk
from tests.upkeep.desks import INBOX
from tests.waiting import until

pytestmark = pytest.mark.faults
MB = 1024**2
SENT = 150 if is_full() else 6  # by each of two servers
KEYS = """
SELECT key FROM files_blob
UNION ALL SELECT file_key FROM intake_inboundraw WHERE file_key <> ''
UNION ALL SELECT key FROM files_leftover
"""


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """A disk of this many bytes at this place; skips where none can be mounted."""
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    options = ["-t", "tmpfs", "-o", f"size={size},mode=0700", "zabota-fault", str(folder)]
    done = subprocess.run(["mount", *options], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def full(disk: Path, left: int) -> Iterator[None]:
    """Somebody else takes all the room but this much, until the end of the block."""
    filler = disk / "somebody-elses"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - left)
    try:
        yield
    finally:
        filler.unlink()


def test_no_room_for_files(tmp_path: Path) -> None:
    """So little that a mail can be taken in, and its attachment cannot be kept beside it."""
    folder = tmp_path / "desk"
    with (
        small_disk(folder / "files", 96 * MB + SENT * 3 * MB) as disk,
        a_whole_desk(folder) as desk,
    ):
        figure = go_through_it(desk, disk, 500_000, "files cannot be kept")
        there = {path.parent.name + path.name for path in disk.rglob("*") if path.is_file()}
        assert there == {row[0] for row in desk.rows(KEYS)}, "no file that nobody knows of"
    report(4, f"no room for files: {figure}")


def test_no_room_for_the_database(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "desk", 400 * MB + SENT * 8 * MB) as disk,
        a_whole_desk(disk) as desk,
    ):
        figure = go_through_it(desk, disk, 0, "no room for the database")
    report(4, f"no room for the database: {figure}")


def go_through_it(desk: WholeDesk, disk: Path, left: int, reason: str) -> str:
    """Mail comes in, the disk is full, there is room again, all is there. The figure."""
    until(desk.is_ready)
    ledger = SendersLedger()
    with full(disk, left):
        senders = [begin(desk, ledger, number) for number in range(2)]
        until(lambda: all(len(sender.refusals) >= 3 for sender in senders))
        until(lambda: says(desk, reason))
        kept = compare_what_was_taken(desk, ledger)
    freed = time.monotonic()
    for sender in senders:
        sender.finish()
    found = examine(desk, ledger)
    until(desk.is_ready)
    took = time.monotonic() - freed
    refusals = {code for sender in senders for code in sender.refusals}
    assert refusals <= {451, 421, 0}, "told to come again, or not answered"
    assert 451 in refusals
    return (
        f"{kept} taken with the disk full, {ledger.tries - 2 * SENT} told to come again,"
        f" /readyz red; with room again {2 * SENT} of {2 * SENT} in {took:.0f} s: {found}"
    )


def begin(desk: WholeDesk, ledger: SendersLedger, number: int) -> MailServer:
    connect = by_smtp(desk.smtp_port) if number else by_lmtp(desk.lmtp_port)
    letters = [Letter(f"s{number}", i, INBOX, large=True) for i in range(SENT)]
    return MailServer(ledger, letters, connect, pause=0)


def says(desk: WholeDesk, reason: str) -> bool:
    status, body = desk.readiness()
    return status == 503 and reason in body


def compare_what_was_taken(desk: WholeDesk, ledger: SendersLedger) -> int:
    """What was acknowledged is in the ledger by then; how many that were.

    A server that was started again on a full disk lets nobody in; then only `examine` asks, later.
    """
    acknowledged = set(ledger.acknowledged)
    with suppress(psycopg.OperationalError):
        missing = acknowledged - {row[0] for row in desk.rows(LEDGER, f"%{FAR}")}
        assert not missing, missing
    return len(acknowledged)
