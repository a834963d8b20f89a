"""Storing and reading blobs. Bytes are written and synced before their row exists."""

import hashlib
import os
import secrets
from pathlib import Path
from typing import BinaryIO

from django.db.models import F

from zabota.core import clock
from zabota.core.environment import env
from zabota.files.models import Blob


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
    _write(_path(key), content)
    return key


def open_file(key: str) -> BinaryIO:
    """The bytes under a key, opened for reading."""
    return _path(key).open("rb")


def delete_file(key: str) -> None:
    """Remove the bytes under a key; none is fine."""
    _path(key).unlink(missing_ok=True)


def open_blob(blob: Blob) -> BinaryIO:
    """The blob's bytes as a file opened for reading."""
    return open_file(blob.key)


def _path(key: str) -> Path:
    return env.data_dir / "files" / key[:2] / key[2:]


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
