"""The file a backup is: a gzipped tar that ordinary tools open, with a hash of every part.

zabota.json     what this is, first, so that another program's file is known at once
secret.key      only if asked for, as are
dkim/…          keys that sign mail
database/…      the dump as SQL, in parts
files/…         blobs and large mails by their keys
SHA256SUMS      of all parts above, as sha256sum(1) reads it
manifest.json   how much there is, last: a file without it is not whole
"""

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from zabota.core.environment import EnvironmentProblem

FORMAT = 1
HEAD, SECRET, SUMS, MANIFEST = "zabota.json", "secret.key", "SHA256SUMS", "manifest.json"
DATABASE, FILES, KEYS = "database/", "files/", "dkim/"
PART = 4 * 1024 * 1024
BROKEN = (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError, KeyError, TypeError)

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Head:
    """What a backup says about itself before anything else."""

    made_at: str
    version: str
    server: int  # PostgreSQL's major version
    migrations: list[str]
    has_secret: bool
    format: int = FORMAT


@dataclass(slots=True)
class Manifest:
    """How much there is; `missing` are files that rows name and the desk did not have."""

    rows: dict[str, int]
    files: int = 0
    bytes: int = 0
    missing: list[str] = field(default_factory=list)
    sums: str = ""


class _Open:
    """What the tar writes to, until it is over: a tar given up would write on when collected."""

    def __init__(self, out: gzip.GzipFile) -> None:
        self._out: gzip.GzipFile | None = out

    def write(self, data: bytes) -> int:
        return self._out.write(data) if self._out else len(data)

    def over(self) -> None:
        self._out = None


class Writer:
    """Puts parts into a backup and remembers their hashes; as a context it ends with its file."""

    def __init__(self, out: IO[bytes], head: Head) -> None:
        # Raw mails are packed already; level 1 is quick and does well enough for the rest.
        self._packed = gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1, mtime=0)
        self._open = _Open(self._packed)
        sink: Any = self._open  # writing is all a stream needs
        self._tar = tarfile.open(fileobj=sink, mode="w|")  # noqa: SIM115
        self._sums = TemporaryFile()  # noqa: SIM115  closed at exit
        self._put(HEAD, _json(asdict(head)))

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.over()
        self._sums.close()

    def add(self, name: str, content: bytes) -> None:
        """One part."""
        self._put(name, content)
        self._sums.write(f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode())

    def finish(self, manifest: Manifest) -> None:
        """The hashes and the manifest, and nothing may follow."""
        self._sums.seek(0)
        sums = self._sums.read()
        manifest.sums = hashlib.sha256(sums).hexdigest()
        self._put(SUMS, sums)
        self._put(MANIFEST, _json(asdict(manifest)))
        self._tar.close()
        self._packed.close()

    def _put(self, name: str, content: bytes) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(content), 0o600
        self._tar.addfile(entry, io.BytesIO(content))


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1).encode()


@contextmanager
def _as_damaged(path: Path) -> Iterator[None]:
    try:
        yield
    except BROKEN as error:
        raise EnvironmentProblem(
            f"{path} is damaged or cut short ({error or type(error).__name__}): "
            "nothing was changed, take another backup file"
        ) from error
    except OSError as error:
        raise EnvironmentProblem(f"cannot read {path}: {error.strerror or error}") from error


def read_head(path: Path) -> Head:
    """What the file says it is. Raises `EnvironmentProblem` for one that is no backup of ours."""
    with _as_damaged(path):
        try:
            name, content = next(_parts(path))
        except (tarfile.ReadError, gzip.BadGzipFile, StopIteration) as error:
            raise EnvironmentProblem(f"{path} is not a backup of Zabota") from error
        if name != HEAD:
            raise EnvironmentProblem(f"{path} is not a backup of Zabota")
        said = json.loads(content)
        if said.get("format") != FORMAT:
            raise EnvironmentProblem(
                f"{path} was made by another version of Zabota ({said.get('version')}): "
                "restore it with that one"
            )
        return Head(**said)


def verify(path: Path, progress: Progress) -> Manifest:
    """Read the whole file against its hashes. Raises `EnvironmentProblem` unless all is there."""
    with _as_damaged(path), TemporaryFile() as found:
        sums, manifest = b"", None
        for name, content in _parts(path, progress):
            if name == SUMS:
                sums = content
            elif name == MANIFEST:
                manifest = Manifest(**json.loads(content))
            elif name != HEAD:
                found.write(f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode())
        if manifest is None:
            raise EOFError("its end is missing")
        found.seek(0)
        if manifest.sums != hashlib.sha256(sums).hexdigest() or found.read() != sums:
            raise ValueError("its hashes do not match")
        return manifest


def read_parts(path: Path, progress: Progress) -> Iterator[tuple[str, bytes]]:
    """The parts of a verified file, in order."""
    with _as_damaged(path):
        for name, content in _parts(path, progress):
            if name not in (HEAD, SUMS, MANIFEST):
                yield name, content


def _parts(path: Path, progress: Progress = lambda _done: None) -> Iterator[tuple[str, bytes]]:
    with path.open("rb") as file, gzip.GzipFile(fileobj=file) as unpacked:
        done = 0
        tar: Any = tarfile.open(fileobj=unpacked, mode="r|")  # noqa: SIM115  it holds nothing open
        for entry in tar:
            content = tar.extractfile(entry)
            if content is None:
                raise ValueError(f"{entry.name} is no plain part")
            yield entry.name, content.read()
            progress(file.tell() - done)
            done = file.tell()
            tar.members.clear()  # it would remember every one of millions
        while unpacked.read(PART):  # to the end, where the check sum is
            pass
