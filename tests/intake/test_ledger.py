"""Raw bytes are kept exactly, large ones as files; what was set aside can be tried again."""

import os

import pytest

from tests.cast import Cast, settle
from zabota.files.actions import open_file, write_file
from zabota.intake.actions import accept_inbound, add_inbox, retry_inbound
from zabota.intake.models import Inbound
from zabota.intake.queries import find_inbox, raw_bytes, set_aside_visible_to
from zabota.tickets.actions import as_actor
from zabota.tickets.models import Ticket


def accept(cast: Cast, raw: bytes, external_id: str = "a@x") -> int:
    pk = accept_inbound(
        cast.inbox, raw, external_id=external_id, body_hash=b"\0" * 32, envelope={"from": "x"}
    )
    return pk or 0


@pytest.mark.parametrize("size", [0, 1000, 3_000_000])
def test_bytes_come_back_exactly(cast: Cast, size: int) -> None:
    raw = os.urandom(size)
    entry = Inbound.objects.select_related("raw").get(pk=accept(cast, raw))
    assert raw_bytes(entry) == raw
    assert bool(entry.raw.file_key) == (size == 3_000_000)


def test_a_large_duplicate_leaves_no_file(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []  # the folder is shared with tests that run beside this one

    def write_and_note(content: bytes) -> str:
        written.append(write_file(content))
        return written[-1]

    monkeypatch.setattr("zabota.intake.actions.write_file", write_and_note)
    raw = os.urandom(400_000)
    accept(cast, raw)
    assert not accept(cast, raw)
    first, second = written
    open_file(first).close()
    with pytest.raises(FileNotFoundError):
        open_file(second)


def test_an_endless_id_is_taken(cast: Cast) -> None:
    assert accept(cast, b"{}", external_id="я" * 100_000)
    assert accept(cast, b"{}", external_id="я" * 100_000) == 0


def test_set_aside_is_seen_by_supervisors_and_tried_again(cast: Cast) -> None:
    pk = cast.accept(author=cast.inbox.address)
    settle()
    entry = Inbound.objects.get(pk=pk)
    assert entry.state == Inbound.State.SUSPENDED
    assert list(set_aside_visible_to(cast.vera)) == [entry]
    assert not set_aside_visible_to(cast.anna).exists()
    retry_inbound(entry, actor=as_actor(cast.vera))
    settle()
    entry.refresh_from_db()
    assert entry.state == Inbound.State.APPLIED
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("help@example.ru", True),
        ("HELP@Example.RU", True),
        ("help+abc@example.ru", True),
        ("helper@example.ru", False),
        ("help@example.com", False),
        ("help", False),
        ("@", False),
        ("", False),
    ],
)
def test_whose_mail_is_taken(cast: Cast, address: str, found: bool) -> None:
    assert (find_inbox("letterbox", address) is not None) == found


def test_an_inbox_is_added_once_under_a_real_address(cast: Cast) -> None:
    made, is_new = add_inbox("Sales@Example.ru")
    assert (made.address, is_new) == ("sales@example.ru", True)
    assert add_inbox("sales@example.ru") == (made, False)
    with pytest.raises(ValueError, match="is not an address"):
        add_inbox("example.ru")
