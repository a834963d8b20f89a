"""No room for files: nothing half written stays, and what was rolled back leaves nothing."""

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client

from tests.cast import Cast
from zabota.core import health
from zabota.files.actions import undone_with_rows, write_file
from zabota.files.storage import LocalFiles, storage
from zabota.intake.models import Inbound
from zabota.tickets import storing
from zabota.tickets.receive import MOST_TRIES, apply_carefully


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = LocalFiles(tmp_path / "files")
    monkeypatch.setattr("zabota.files.actions.storage", lambda: files)
    return files.folder


@pytest.fixture
def asked_anew() -> Iterator[None]:
    for probe in health.PROBES:
        probe.forget()
    yield
    for probe in health.PROBES:
        probe.forget()


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def full(*_args: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_there_is_no_room_for_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zabota.files.storage.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_file(b"a")
    assert files_in(folder) == []


def test_files_go_with_the_rows_that_named_them(folder: Path, db: None) -> None:
    with pytest.raises(OSError, match="No space"), undone_with_rows(), transaction.atomic():
        with undone_with_rows():
            write_file(b"a")
        write_file(b"b")
        full()
    assert files_in(folder) == []


def test_files_stay_where_nobody_knows_what_became_of_the_rows(folder: Path, db: None) -> None:
    with pytest.raises(OperationalError), undone_with_rows():
        write_file(b"a")
        raise OperationalError("the connection is lost")
    assert len(files_in(folder)) == 1


def test_a_mail_there_is_no_room_for_waits_however_often_it_is_tried(
    cast: Cast, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pk = cast.accept(files={"a.txt": "a"})
    with monkeypatch.context() as here:
        here.setattr(storing, "store_blob", full)
        for _ in range(MOST_TRIES + 2):
            with pytest.raises(OSError, match="No space"):
                apply_carefully()
    apply_carefully()
    assert Inbound.objects.get(pk=pk).state == Inbound.State.APPLIED
    assert len(files_in(folder)) == 1


@pytest.mark.usefixtures("db", "asked_anew")
def test_readiness_says_that_files_cannot_be_kept(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zabota.files.storage.os.fsync", full)
    assert "make room" in str(storage().problem())
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["reason"]) == (503, "files cannot be kept")


@pytest.mark.usefixtures("db", "asked_anew")
def test_readiness_says_that_the_database_takes_no_changes(client: Client) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL transaction_read_only = on")
        answer = client.get("/readyz")
        transaction.set_rollback(True)
    assert (answer.status_code, answer.json()["reason"]) == (503, "the database takes no changes")


@pytest.mark.usefixtures("db", "asked_anew")
def test_readiness_is_not_asked_of_the_disk_each_time(client: Client) -> None:
    assert client.get("/readyz").status_code == 200
    asked = [probe._asked_at for probe in health.PROBES]
    assert client.get("/readyz").status_code == 200
    assert [probe._asked_at for probe in health.PROBES] == asked
