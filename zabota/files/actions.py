"""Storing and reading blobs. Bytes are written and synced before their row exists."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import BinaryIO

from django.db.models import F

from zabota.core import clock
from zabota.files.models import Blob, Leftover
from zabota.files.storage import storage

KEPT = timedelta(days=1)


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
    return key


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
