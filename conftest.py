"""What every test stands on: a database made from a template, quick passwords."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings as hypothesis_settings
from psycopg import sql
from pytest_django.plugin import DjangoDbBlocker

from tests.fault import said

pytest_plugins = ["tests.fixtures"]

hypothesis_settings.register_profile("house", deadline=None, derandomize=True)
hypothesis_settings.load_profile("house")

ROOT = Path(__file__).parent
_figures: list[str] = []


def pytest_configure() -> None:
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Gather what fault tests said, here and in the processes of xdist."""
    _figures.extend(text for title, text in report.sections if title == "figure")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Send what a fault test said along with its report."""
    outcome = yield
    if said_now := said():
        report = outcome.get_result()  # type: ignore[attr-defined]
        report.sections.extend(("figure", line) for line in said_now)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures of the faults, one line each."""
    if _figures:
        terminalreporter.section("faults")
    for line in _figures:
        terminalreporter.write_line(line)


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what touches the database, so that it can be tried on another server alone."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if item.get_closest_marker("django_db") or fixtures & {"db", "transactional_db"}:
            item.add_marker("database")


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """A database of this worker's own, copied from a migrated template kept between runs."""
    name = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with django_db_blocker.unblock():
        template = _template()
        _execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        _execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        _use(name)
    yield
    with django_db_blocker.unblock():
        _use(template)
        _execute("DROP DATABASE {} WITH (FORCE)", name)


def _template() -> str:
    """The migrated database, made anew when a migration or a dependency has changed."""
    name = f"template_{_migrations_hash()}"
    with _one_at_a_time():
        if not _exists(name):
            _execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", fresh := f"{name}_new")
            _execute("CREATE DATABASE {} TEMPLATE template0", fresh)
            _use(fresh)
            _migrate()
            _use(name)
            _execute("ALTER DATABASE {} RENAME TO {}", fresh, name)
    return name


def _migrations_hash() -> str:
    digest = hashlib.sha256((ROOT / "requirements.lock").read_bytes())
    for path in sorted((ROOT / "zabota").rglob("migrations/*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    from django.conf import settings  # noqa: F401  makes the data directory

    from zabota.core.environment import env

    env.data_dir.mkdir(parents=True, exist_ok=True)
    with (env.data_dir / "template.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def _use(name: str) -> None:
    from django.conf import settings
    from django.db import connection

    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = name


def _exists(name: str) -> bool:
    with _server() as server:
        row = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
    return row is not None


def _execute(statement: str, *names: str) -> None:
    with _server() as server:
        server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _server() -> psycopg.Connection:
    from zabota.core.environment import env
    from zabota.core.postgres import connection_string

    return psycopg.connect(connection_string(env), autocommit=True)
