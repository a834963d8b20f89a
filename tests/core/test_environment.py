import errno
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from zabota.core.environment import (
    EnvironmentProblem,
    database_options,
    read_environment,
    secret_key,
)


def test_database_url_becomes_options(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql://anna:p%40ss@db.example:6432/desk?sslmode=require"
    monkeypatch.setenv("DATABASE_URL", url)
    options = database_options(read_environment())
    assert (options["HOST"], options["PORT"], options["NAME"]) == ("db.example", "6432", "desk")
    assert (options["USER"], options["PASSWORD"]) == ("anna", "p@ss")
    assert options["OPTIONS"]["sslmode"] == "require"


@pytest.mark.parametrize("url", ["mysql://x/y", "postgresql://host/desk?colour=red", "desk"])
def test_odd_database_url_says_what_is_wrong(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(EnvironmentProblem, match="DATABASE_URL"):
        database_options(read_environment())


@pytest.mark.django_db
def test_database_knows_russian() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_tsvector('zabota', 'Ёлки elections')::text")
        assert cursor.fetchone() == ("'elect':2 'елк':1",)


@pytest.mark.django_db(transaction=True)
def test_the_first_page_after_a_restart_of_the_database_is_a_page() -> None:
    """The pool has connections from before: they are tried before somebody gets one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    where = connection.settings_dict
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST"}
    parts = {key: str(where[name]) for key, name in names.items() if where[name]}
    connection.close()
    address = make_conninfo("", port=where["PORT"] or None, **parts)
    with psycopg.connect(address, autocommit=True) as administrator:
        administrator.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def test_a_secret_of_somebody_else_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that root put back after a restore."""
    monkeypatch.delenv("ZABOTA_SECRET_KEY", raising=False)
    (tmp_path / "secret.key").write_text("of root")

    def refuse(_path: Path) -> str:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(EnvironmentProblem, match=r"cannot read .*secret\.key .* give it to"):
        secret_key(tmp_path)
