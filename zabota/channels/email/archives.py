"""Mails in files: single ones, mbox, Maildir, and folders of all three."""

import mailbox
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

from .headers import parse_date
from .limits import Reading

_DATE = re.compile(rb"^date:[ \t]*([^\r\n]{0,200})", re.IGNORECASE | re.MULTILINE)
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)  # the mboxrd form of mbox
_HEAD = 64 * 1024
_SEPARATOR = re.compile(rb"From \S.*\b\d{4}\s*$")
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Archived:
    """One mail in an archive: when it was written, and how to read it again."""

    date: datetime
    read: Callable[[], bytes]


def find_mails(paths: Iterable[Path]) -> list[Archived]:
    """Every mail below these paths, oldest first, so that answers follow what they answer.

    Only places are kept in memory, not mails. Raises `OSError` where something cannot be read.
    """
    reads = (read for path in paths for read in _in_path(path))
    return sorted((_dated(read) for read in reads), key=lambda mail: mail.date)


def _in_path(path: Path) -> Iterator[Callable[[], bytes]]:
    if path.is_dir():
        if (path / "cur").is_dir() and (path / "new").is_dir():
            yield from _maildir(path)
        else:
            for child in sorted(path.iterdir()):
                yield from _in_path(child)
    elif _is_mbox(path):
        yield from _mbox(path)
    else:
        yield path.read_bytes


def _maildir(path: Path) -> Iterator[Callable[[], bytes]]:
    box = mailbox.Maildir(path, create=False)
    yield from (partial(box.get_bytes, key) for key in sorted(box.keys()))
    for name in sorted(box.list_folders()):
        yield from _maildir(path / f".{name}")


def _is_mbox(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(5) == b"From "


def _mbox(path: Path) -> Iterator[Callable[[], bytes]]:
    starts = [*_starts(path), path.stat().st_size]
    yield from (partial(_from_mbox, path, *ends) for ends in pairwise(starts))


def _starts(path: Path) -> Iterator[int]:
    """Where each mail's line of separation is: after an empty line, with a year (RFC 4155)."""
    place, after_empty = 0, True
    with path.open("rb") as file:
        for line in file:
            if after_empty and _SEPARATOR.match(line):
                yield place
            after_empty = not line.strip()
            place += len(line)


def _from_mbox(path: Path, start: int, stop: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        _separator, _newline, raw = file.read(stop - start).partition(b"\n")
    return _QUOTED_FROM.sub(rb"\1", raw)


def _dated(read: Callable[[], bytes]) -> Archived:
    found = _DATE.search(read()[:_HEAD])
    date = parse_date(found[1], Reading()) if found else None
    return Archived(date or _NEVER, read)
