"""Storing and reading blobs. Bytes are written and synced before their row exists."""

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import timedelta
from typing import BinaryIO

from django.db.models import F

from zabota.core import clock
from zabota.core.database import was_undone
from zabota.files.models import Blob, Leftover
from zabota.files.storage import storage

KEPT = timedelta(days=1)
_written: ContextVar[list[str] | None] = ContextVar("written", default=None)


def store_blob(content: bytes) -> Blob:
    """The blob with this content, written if it is new, counted once more if not."""
    digest = hashlib.sha256(content).digest()
    if Blob.objects.filter(sha256=digest).update(refs=F("refs") + 1):
        return Blob.objects.get(sha256=digest)
    key = write_file(content)
    blob, _ = Blob.objects.get_or_create(
        sha256=digest, defaults={"size": len(content), "key": key, "created_at": clock.now()}
    )
    return blob


def write_file(content: bytes) -> str:
    """Write and sync these bytes under a new random key, and give back the key."""
    key = secrets.token_hex(20)
    storage().write(key, content)
    if (written := _written.get()) is not None:
        written.append(key)
    return key


@contextmanager
def undone_with_rows() -> Iterator[None]:
    """Around a transaction: if it is rolled back, the files written in it go, too.

    Else each try on a full disk would leave its files, and take the room that somebody made.
    """
    keys: list[str] = []
    token = _written.set(keys)
    try:
        yield
    except Exception as error:
        if was_undone(error):
            _delete_all(keys)
        raise
    finally:
        _written.reset(token)
    if (around := _written.get()) is not None:
        around.extend(keys)


def _delete_all(keys: Iterable[str]) -> None:
    for key in keys:
        with suppress(OSError):
            storage().delete(key)


def open_file(key: str) -> BinaryIO:
    """The bytes under a key, opened for reading."""
    return storage().open(key)


def delete_file(key: str) -> None:
    """Remove bytes that no committed row ever named, at once; none is fine."""
    storage().delete(key)


def leave_files(keys: Iterable[str]) -> None:
    """No row names these any more: they go a day after the caller's transaction commits.

    Until then a backup that saw the rows finds the files.
    """
    now = clock.now()
    Leftover.objects.bulk_create(
        [Leftover(key=key, since=now) for key in keys], ignore_conflicts=True
    )


def sweep_files(limit: int = 1000) -> int:
    """Remove files that were left a day ago; how many. The worker does it now and then."""
    rows = Leftover.objects.filter(since__lt=clock.now() - KEPT).order_by("since")
    keys = list(rows.values_list("key", flat=True)[:limit])
    for key in keys:
        storage().delete(key)
    return Leftover.objects.filter(key__in=keys).delete()[0]


def open_blob(blob: Blob) -> BinaryIO:
    """The blob's bytes as a file opened for reading."""
    return open_file(blob.key)
