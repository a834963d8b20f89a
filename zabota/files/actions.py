"""Storing and reading blobs. Bytes are written and synced before their row exists."""

import hashlib
import secrets
from typing import BinaryIO

from django.db.models import F

from zabota.core import clock
from zabota.files.models import Blob
from zabota.files.storage import storage


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
    """Remove the bytes under a key; none is fine."""
    storage().delete(key)


def open_blob(blob: Blob) -> BinaryIO:
    """The blob's bytes as a file opened for reading."""
    return open_file(blob.key)
