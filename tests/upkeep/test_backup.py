"""Fault 9: a backup under load is whole; what is made of it is the same desk, holding still."""

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fault import is_full, report
from tests.upkeep.desks import Desk, Sender, a_desk, a_post
from tests.waiting import until

pytestmark = pytest.mark.faults
MAILS = 2_000  # or as many as come until it is done
BEFORE = 400 if is_full() else 40
ANSWER = """
INSERT INTO intake_delivery (channel, inbox_id, stream_kind, stream_id, recipient, is_automatic,
  external_id, payload, state, due_at, attempts, error, is_waiting, created_at)
SELECT 'email', id, 'desk', 1, 'dana@far.example', false, '<waiting@here>', %s::jsonb, 0, now(), 0,
  '', false, now() FROM intake_inbox LIMIT 1
"""
LETTER = """{"sender": ["support@localhost", ""], "to": [["dana@far.example", ""]], "cc": [],
"subject": "a", "text": "a", "html": null, "reply_to": null, "in_reply_to": null, "references": [],
"created_at": "2026-11-30T00:00:00+00:00", "files": []}"""
LEDGER = "SELECT external_id FROM intake_inbound"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Path, list[str]]]:
    """A desk backed up while mails came in: it, the file, what it had said 250 to before."""
    folder = tmp_path_factory.mktemp("living")
    with a_post() as (_post, port), a_desk(folder / "desk", port) as desk:
        desk.start("worker")
        smtp = desk.start_mail()
        senders = [Sender(smtp, f"s{n}", MAILS // 2) for n in range(2)]
        until(lambda: sum(len(s.acknowledged) for s in senders) >= BEFORE)
        until(lambda: desk.one("SELECT count(*) FROM files_blob") > 3)
        before = [name for s in senders for name in s.acknowledged]
        said = desk.zabota("backup", str(folder / "a.tar.gz"))
        assert "secret.key is not in it" in said
        for sender in senders:
            sender.stopping.set()
            sender.finish()
        yield desk, folder / "a.tar.gz", before


def test_ledger_and_files_are_whole_after_a_backup_under_load(
    made: tuple[Desk, Path, list[str]], tmp_path: Path
) -> None:
    living, file, before = made
    with a_post() as (post, port):
        desk = Desk(tmp_path / "desk", port)
        desk.zabota("restore", str(file))
        desk.start_database()
        try:
            rows, blobs = check_whole(desk, before)
            assert desk.one("SELECT count(*) FROM intake_hold WHERE released_at IS NULL") == 1
            assert desk.one("SELECT number FROM events_epoch") > living.one(
                "SELECT number FROM events_epoch"
            )
            check_it_goes_on(desk)
            assert post.taken == []
        finally:
            desk.stop()
    report(9, f"{rows} mails in the ledger, {blobs} files by their hashes: 0 missing, 0 changed")


def check_whole(desk: Desk, before: list[str]) -> tuple[int, int]:
    """Every mail acknowledged before is there, with its bytes; how many mails and files."""
    there = {f"<{name.strip('<>')}>" for (name,) in desk.rows(LEDGER)}
    assert set(before) <= there
    raw = desk.rows("SELECT data, file_key FROM intake_inboundraw")
    for data, key in raw:
        packed = data if data is not None else read(desk, key)
        assert zlib.decompress(packed).startswith(b"From: Dana")
    blobs = desk.rows("SELECT key, sha256, size FROM files_blob")
    for key, digest, size in blobs:
        content = read(desk, key)
        assert (len(content), hashlib.sha256(content).digest()) == (size, digest)
    assert len(blobs) > 3
    return len(raw), len(blobs)


def read(desk: Desk, key: str) -> bytes:
    return (desk.folder / "files" / key[:2] / key[2:]).read_bytes()


def check_it_goes_on(desk: Desk) -> None:
    """New mail is taken in and history goes on; what waits stays where it is."""
    desk.rows(ANSWER, LETTER)
    desk.start("worker")
    port = desk.start_mail()
    received = desk.one("SELECT count(*) FROM intake_inbound")
    assert len(Sender(port, "after", 5).finish()) == 5
    applied = "SELECT count(*) FROM intake_inbound WHERE state = 1"
    until(lambda: desk.one(applied) >= received + 5)
    until(lambda: desk.one("SELECT count(*) FROM events_eventtodo") == 0)
    newest = "SELECT xid::text::bigint FROM events_event ORDER BY id DESC LIMIT 1"
    assert desk.one(newest) > desk.one(
        "SELECT max(xid::text::bigint) FROM events_event WHERE id = 1"
    )


def test_secrets_go_along_if_asked_for(made: tuple[Desk, Path, list[str]], tmp_path: Path) -> None:
    living, desk = made[0], Desk(tmp_path / "desk", 1)
    living.zabota("dkim", "--domain", "desk.example")
    said = living.zabota("backup", "--with-secret", str(tmp_path / "b.tar.gz"))
    assert "secret.key is in it" in said
    desk.zabota("restore", str(tmp_path / "b.tar.gz"))
    key = desk.folder / "dkim" / "desk.example.pem"
    assert key.read_bytes() == (living.folder / "dkim" / "desk.example.pem").read_bytes()
    secret = desk.folder / "secret.key"
    assert secret.read_text() == "one for all processes of this desk"
    assert {path.stat().st_mode & 0o777 for path in (key, secret)} == {0o600}


def test_a_desk_in_use_is_not_written_over(made: tuple[Desk, Path, list[str]]) -> None:
    living, file, _before = made
    assert "stop them first" in living.zabota("restore", str(file), code=3)


@pytest.mark.parametrize("damage", ["cut", "bit", "other", "nothing"])
def test_a_damaged_file_is_one_line_and_changes_nothing(
    made: tuple[Desk, Path, list[str]], tmp_path: Path, damage: str
) -> None:
    content = bytearray(made[1].read_bytes())
    match damage:
        case "cut":
            del content[len(content) // 2 :]
        case "bit":
            content[len(content) // 2] ^= 4
        case "other":
            content = bytearray(gzip.compress(b"hello"))
        case _:
            content = bytearray()
    (tmp_path / "bad.tar.gz").write_bytes(content)
    said = Desk(tmp_path / "desk", 1).zabota("restore", str(tmp_path / "bad.tar.gz"), code=3)
    assert sum("zabota:" in line for line in said.splitlines()) == 1
    assert "Traceback" not in said
    assert not (tmp_path / "desk" / "files").exists()


def test_a_restore_cut_short_leaves_no_row(tmp_path: Path) -> None:
    """Killed before the end it commits nothing: a desk without its hold would send."""
    from zabota.upkeep.dump import loading

    server = Desk(tmp_path / "desk", 1)
    server.start_database()
    try:
        conninfo = f"host={server.server.sockets} user=zabota dbname=zabota"
        with loading(conninfo, 18) as loader:
            loader.feed(b"CREATE TABLE a (b int); COPY a FROM stdin;\n1\n2\n")
        assert server.one("SELECT count(*) FROM pg_tables WHERE tablename = 'a'") == 0
    finally:
        server.stop()
