"""What Zabota needs of a database, embedded or external, checked at every start."""

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from zabota.core.environment import (
    Environment,
    EnvironmentProblem,
    read_database_url,
    socket_dir,
)
from zabota.core.postgres.binaries import OLDEST
from zabota.core.postgres.cluster import SUPERUSER

EXTENSIONS = ("pg_trgm", "unaccent", "btree_gin")
NAME = "zabota"
OURS = sql.Identifier(NAME)


def connection_string(environment: Environment) -> str:
    """How to reach the installation's database. Raises `EnvironmentProblem` on an odd URL."""
    if environment.database_url:
        return make_conninfo(**read_database_url(environment.database_url))
    return make_conninfo(host=str(socket_dir(environment.data_dir)), user=NAME, dbname=NAME)


def direct_connection_string(environment: Environment) -> str:
    """The same without a pool between: for LISTEN, snapshots and whatever lasts a session."""
    if environment.listen_database_url:
        return make_conninfo(**read_database_url(environment.listen_database_url))
    return connection_string(environment)


def create_database(host: str) -> None:
    """The role and the database of a new embedded server; does nothing where they exist."""
    with psycopg.connect(host=host, user=SUPERUSER, dbname="postgres", autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(1)")  # several commands may come at once
        if not server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [NAME]).fetchone():
            server.execute(sql.SQL("CREATE ROLE {0} LOGIN CREATEDB").format(OURS))
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
            server.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(OURS))


def check_database(conninfo: str) -> None:
    """Raises `EnvironmentProblem` with one line of what is wrong and what to do."""
    try:
        with psycopg.connect(conninfo, autocommit=True, connect_timeout=10) as connection:
            _check_version(connection)
            _ensure_extensions(connection)
            _check_russian(connection)
    except psycopg.Error as error:
        raise EnvironmentProblem(f"cannot reach the database: {_first_line(error)}") from error


def _check_version(connection: psycopg.Connection) -> None:
    version = connection.info.server_version // 10_000
    if version < OLDEST:
        raise EnvironmentProblem(
            f"the database server is PostgreSQL {version}; it must be {OLDEST} or later"
        )


def _ensure_extensions(connection: psycopg.Connection) -> None:
    rows = connection.execute("SELECT extname FROM pg_extension").fetchall()
    for name in set(EXTENSIONS) - {row[0] for row in rows}:
        create = sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name))
        try:
            connection.execute(create)
        except psycopg.Error as error:
            raise EnvironmentProblem(
                f"the database lacks the extension {name} ({_first_line(error)}): "
                f"as its superuser run CREATE EXTENSION {name}"
            ) from error


def _check_russian(connection: psycopg.Connection) -> None:
    row = connection.execute("SELECT lower('Ё') = 'ё' AND show_trgm('ёж') <> '{}'").fetchone()
    if not (row and row[0]):
        raise EnvironmentProblem(
            "the database does not know Russian letters: create it with "
            "ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' TEMPLATE template0"
        )


def _first_line(error: psycopg.Error) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
