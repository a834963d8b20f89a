import pytest

from zabota.core.environment import EnvironmentProblem, database_options, read_environment


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
