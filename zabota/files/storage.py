"""Where bytes are kept: a folder of the data directory, or a bucket."""

import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import BinaryIO, Protocol

from zabota.core.environment import env
from zabota.core.health import ROOM


class Storage(Protocol):
    """Bytes under keys of ours. All raise `OSError`; what is not there, `FileNotFoundError`."""

    def write(self, key: str, content: bytes) -> None:
        """Keep these bytes; when it returns they are durable."""

    def open(self, key: str) -> BinaryIO:
        """The bytes, to read."""

    def delete(self, key: str) -> None:
        """Forget them; none is fine."""

    def problem(self) -> str | None:
        """Why nothing can be kept here at the moment, and what to do; None if it can."""


def storage() -> Storage:
    """The one this desk is told to use."""
    return _storage(env.files, env.data_dir)


@cache
def _storage(address: str, data_dir: Path) -> Storage:
    if not address:
        return LocalFiles(data_dir / "files")
    from zabota.files.s3 import Bucket, read_bucket_url

    return Bucket(read_bucket_url(address))


class LocalFiles:
    """A folder; the first two letters of a key are a folder in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, key: str, content: bytes) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError:  # what there was room for is of no use, and takes it from others
            path.unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def open(self, key: str) -> BinaryIO:
        return self._path(key).open("rb")

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def problem(self) -> str | None:
        there = self.folder if self.folder.exists() else self.folder.parent
        try:
            with tempfile.TemporaryFile(dir=there) as file:  # one that never has a name
                file.write(b"\0" * 4096)
                file.flush()
                os.fsync(file.fileno())
            free = shutil.disk_usage(there).free
        except PermissionError:
            return f"{there} cannot be written to: give it to the user Zabota runs as"
        except OSError as error:
            return (
                f"{there} cannot be written to ({error.strerror}): make room, or look at the disk"
            )
        return f"only {free >> 20} MB are left in {there}: make room" if free < ROOM else None

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key[2:]
