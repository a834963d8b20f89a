"""A backup of a running desk: the database as of one instant, then every file it names.

Files are written before their rows and outlive them by a day (`files.actions`), so whatever the
snapshot names is there, however long copying takes.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import psycopg
from psycopg import sql

from zabota.core.environment import Environment, EnvironmentProblem, disk_problem
from zabota.core.postgres.checks import direct_connection_string
from zabota.files.storage import storage
from zabota.upkeep.archive import DATABASE, FILES, KEYS, SECRET, Head, Manifest, Progress, Writer
from zabota.upkeep.dump import NOT_KEPT, dump_database

TABLES = """
SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL (%s) ORDER BY 1
"""
NAMED = """
SELECT key, encode(sha256, 'hex') FROM files_blob
UNION ALL SELECT file_key, '' FROM intake_inboundraw WHERE file_key <> ''
"""
SIZE = (
    "SELECT pg_database_size(current_database()) + (SELECT coalesce(sum(size), 0) FROM files_blob)"
)
MIGRATIONS = "SELECT app || '.' || name FROM django_migrations ORDER BY 1"

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One instant of the database, held while it is read."""

    connection: Connection
    name: str
    server: int

    def column(self, query: str, *values: object) -> list[Any]:
        """The first column of a query."""
        return [row[0] for row in self.connection.execute(query, values).fetchall()]


def back_up(
    environment: Environment,
    target: Path,
    *,
    with_secret: bool,
    watch: Callable[[int], Any],
) -> Manifest:
    """Write the backup `target`, whole or not at all; `watch(bytes)` gives a progress bar.

    Raises `EnvironmentProblem`.
    """
    conninfo = direct_connection_string(environment)
    try:
        with (
            _whole(target) as out,
            _snapshot(conninfo) as snapshot,
            Writer(out, _head(snapshot, has_secret=with_secret)) as writer,
        ):
            for name, content in _secrets(environment) if with_secret else ():
                writer.add(name, content)
            manifest = Manifest(count_rows(snapshot.connection))
            with watch(int(snapshot.column(SIZE)[0])) as bar:
                _add_database(writer, conninfo, snapshot, bar.update)
                _add_files(writer, snapshot, manifest, bar.update)
            writer.finish(manifest)
    except psycopg.Error as error:
        reason = str(error).strip().partition("\n")[0]
        raise EnvironmentProblem(f"the database cannot be read: {reason}") from error
    return manifest


@contextmanager
def _whole(target: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name once all of it is on the disk. Closed to others."""
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        fresh.rename(target)
    except OSError as error:
        raise disk_problem(target.parent, error) from error
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def _snapshot(conninfo: str) -> Iterator[Snapshot]:
    with psycopg.connect(conninfo) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert row
        yield Snapshot(connection, row[0], connection.info.server_version // 10_000)


def _head(snapshot: Snapshot, *, has_secret: bool) -> Head:
    return Head(
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        version=program_version(),
        server=snapshot.server,
        migrations=snapshot.column(MIGRATIONS),
        has_secret=has_secret,
    )


def program_version() -> str:
    """Of the package installed; run from its source it has none."""
    try:
        return version("zabota")
    except PackageNotFoundError:
        return "development"


def _secrets(environment: Environment) -> Iterator[tuple[str, bytes]]:
    """What opens the seals and signs the mail."""
    from zabota.core.environment import secret_key

    yield SECRET, secret_key(environment.data_dir).encode()
    for path in sorted((environment.data_dir / KEYS).glob("*.pem")):
        yield KEYS + path.name, path.read_bytes()


def count_rows(connection: Connection) -> dict[str, int]:
    """How many rows each table has that a backup keeps."""
    tables = [row[0] for row in connection.execute(TABLES, [list(NOT_KEPT)]).fetchall()]
    counts = {}
    for table in tables:
        count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        row = connection.execute(count).fetchone()
        counts[table] = row[0] if row else 0
    return counts


def _add_database(writer: Writer, conninfo: str, snapshot: Snapshot, progress: Progress) -> None:
    for number, part in enumerate(dump_database(conninfo, snapshot.server, snapshot.name)):
        writer.add(f"{DATABASE}{number:06}.sql", part)
        progress(len(part))


def _add_files(writer: Writer, snapshot: Snapshot, manifest: Manifest, progress: Progress) -> None:
    """The names are noted first and the snapshot let go: it keeps dead rows alive."""
    with TemporaryFile("w+") as names:
        with snapshot.connection.cursor("named") as cursor:
            for key, digest in cursor.execute(NAMED):
                names.write(f"{key} {digest}\n")
        snapshot.connection.rollback()
        names.seek(0)
        for line in names:
            key, _space, digest = line.rstrip("\n").partition(" ")
            content = _read(key)
            if content is None or (digest and sha256(content).hexdigest() != digest):
                manifest.missing.append(key)
                continue
            writer.add(f"{FILES}{key}", content)
            manifest.files += 1
            manifest.bytes += len(content)
            progress(len(content))


def _read(key: str) -> bytes | None:
    try:
        with storage().open(key) as file:
            return file.read()
    except FileNotFoundError:
        return None
