"""A backup becomes a desk again: checked whole first, then rows and files, or nothing.

Rows are loaded in one transaction that commits only when every file is in its place, and that
itself opens the hold: no restored desk ever sends before somebody has released it.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from zabota.core.environment import Environment, EnvironmentProblem, make_data_dir
from zabota.core.postgres.checks import EXTENSIONS, direct_connection_string
from zabota.core.processes import Hold
from zabota.files.storage import LocalFiles, storage
from zabota.upkeep.archive import (
    DATABASE,
    FILES,
    KEYS,
    SECRET,
    Head,
    Manifest,
    read_head,
    read_parts,
)
from zabota.upkeep.backup import count_rows
from zabota.upkeep.dump import Loader, loading

CLEAR = """
DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT c.oid::regclass AS name FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  LOOP EXECUTE format('DROP TABLE IF EXISTS %s CASCADE', one.name); END LOOP;
  FOR one IN SELECT c.oid::regclass AS name FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'S'
  LOOP EXECUTE format('DROP SEQUENCE IF EXISTS %s CASCADE', one.name); END LOOP;
  FOR one IN SELECT p.oid::regprocedure AS name FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  LOOP EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', one.name); END LOOP;
  FOR one IN SELECT t.oid::regconfig AS name FROM pg_ts_config t
    WHERE t.cfgnamespace = 'public'::regnamespace
  LOOP EXECUTE format('DROP TEXT SEARCH CONFIGURATION IF EXISTS %s CASCADE', one.name); END LOOP;
END $$;
"""
# Transactions of another cluster mean nothing here: all of history is older than any that runs.
# Cursors of the feed are refused by a number no earlier restore had.
BEGIN_ANEW = """
ALTER TABLE public.events_event ALTER COLUMN xid TYPE xid8 USING '3'::xid8;
UPDATE public.events_epoch SET number = greatest(number + 1, extract(epoch FROM now())::int);
INSERT INTO public.intake_hold (cause, reason, since)
  VALUES (0, 'restored from the backup of {made_at}', now()) ON CONFLICT DO NOTHING;
"""
# For a rehearsal: two desks must not empty one mailbox.
INBOXES_OFF = "UPDATE public.intake_inbox SET is_active = false;\n"
IS_EMPTY = "SELECT NOT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public')"
OTHERS = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
  AND pid <> pg_backend_pid() AND application_name LIKE 'zabota%'
"""
CHANGED = {"intake_hold"}
_KEY_FILE = re.compile(r"[a-z0-9][a-z0-9.-]*\.pem")
NEEDS_17 = b"SET transaction_timeout = 0;\n"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person at the command line asked for."""

    force: bool = False
    inboxes_off: bool = False


@contextmanager
def only_we(data_dir: Path) -> Iterator[None]:
    """Nobody runs a desk here meanwhile. Raises `EnvironmentProblem`."""
    hold = Hold(make_data_dir(data_dir) / "run.lock")
    if not hold.take():
        raise EnvironmentProblem(f"a desk runs on {data_dir}: stop it, then restore")
    try:
        yield
    finally:
        hold.close()


def check_head(head: Head) -> None:
    """Raises `EnvironmentProblem` if the backup is of a later version than this program."""
    from django.db.migrations.loader import MigrationLoader

    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if unknown := [name for name in head.migrations if name not in known]:
        raise EnvironmentProblem(
            f"the backup was made by a later version of Zabota ({head.version}, {unknown[-1]}): "
            "bring this one up to date first"
        )


def check_target(environment: Environment, *, force: bool) -> None:
    """Raises `EnvironmentProblem` unless there is nothing to lose, or `force` says it may be."""
    with psycopg.connect(direct_connection_string(environment)) as connection:
        others = connection.execute(OTHERS).fetchone()
        if others and others[0]:
            raise EnvironmentProblem("processes of a desk use this database: stop them first")
        empty = connection.execute(IS_EMPTY).fetchone()
    files = storage()
    has_files = isinstance(files, LocalFiles) and any(_entries(files.folder))
    if not force and (has_files or not (empty and empty[0])):
        raise EnvironmentProblem(
            "there is a desk here already: choose an empty folder and database, "
            "or give --force to put the backup in its place"
        )


def _entries(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.is_dir() else iter(())


def restore(
    environment: Environment,
    source: Path,
    wishes: Wishes,
    watch: Callable[[int], Any],
) -> None:
    """Load a verified backup into an empty (or given up) desk. Raises `EnvironmentProblem`."""
    head = read_head(source)
    conninfo = direct_connection_string(environment)
    server = _server(conninfo, head)
    files = storage()
    if wishes.force and isinstance(files, LocalFiles):
        shutil.rmtree(files.folder, ignore_errors=True)
    with watch(source.stat().st_size) as bar, loading(conninfo, server) as loader:
        loader.feed(_preparation(server, force=wishes.force))
        for name, content in read_parts(source, bar.update):
            if name == SECRET:
                _keep_secret(environment.data_dir / SECRET, content)
            elif name.startswith(KEYS):
                _keep_secret(environment.data_dir / KEYS / _domain(name), content)
            elif name.startswith(DATABASE):
                loader.feed(_fitting(content, server) if name.endswith("000000.sql") else content)
            elif name.startswith(FILES):
                files.write(_key(name), content)
        _finish(loader, head, wishes)


def _preparation(server: int, *, force: bool) -> bytes:
    extensions = "".join(f"CREATE EXTENSION IF NOT EXISTS {name};\n" for name in EXTENSIONS)
    return ((CLEAR if force else "") + extensions).encode()


def _finish(loader: Loader, head: Head, wishes: Wishes) -> None:
    loader.feed(BEGIN_ANEW.format(made_at=head.made_at.replace("'", "")).encode())
    if wishes.inboxes_off:
        loader.feed(INBOXES_OFF.encode())
    loader.commit()


def _server(conninfo: str, head: Head) -> int:
    with psycopg.connect(conninfo) as connection:
        server = connection.info.server_version // 10_000
    if server < head.server:
        raise EnvironmentProblem(
            f"the backup is of PostgreSQL {head.server}, here is {server}: "
            f"restore it into {head.server} or later"
        )
    return server


def _fitting(first: bytes, server: int) -> bytes:
    """The beginning of the dump without what is there already or this server does not know."""
    first = first.replace(b"\nCREATE SCHEMA public;\n", b"\n", 1)
    return first if server >= 17 else first.replace(NEEDS_17, b"", 1)


def _key(name: str) -> str:
    key = name.removeprefix(FILES)
    if not key.isalnum():
        raise EnvironmentProblem(f"{name!r} is not the name of a file of a desk")
    return key


def _domain(name: str) -> str:
    file = name.removeprefix(KEYS)
    if not _KEY_FILE.fullmatch(file):
        raise EnvironmentProblem(f"{name!r} is not the name of a key of a desk")
    return file


def _keep_secret(path: Path, content: bytes) -> None:
    """Whole or not at all, for its owner only."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    fresh = path.with_name(f"{path.name}.restored")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)


def differences(environment: Environment, manifest: Manifest) -> list[str]:
    """Tables that have not as many rows as the backup says, as lines to print."""
    with psycopg.connect(direct_connection_string(environment)) as connection:
        there = count_rows(connection)
    return [
        f"{table}: {there.get(table, 0)} rows, {count} in the backup"
        for table, count in manifest.rows.items()
        if table not in CHANGED and there.get(table) != count
    ]
