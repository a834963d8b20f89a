"""What every test stands on: a database made from a template, emptied quickly; quick passwords."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from psycopg import sql
from pytest_django.plugin import DjangoDbBlocker

from tests.fault import said
from tests.prepared import migrations_hash, one_at_a_time

pytest_plugins = ["tests.fixtures"]

hypothesis_settings.register_profile(
    "house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("house")

_figures: list[str] = []


def pytest_configure() -> None:
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

    from django.test import TransactionTestCase

    from tests.emptying import empty_tables

    TransactionTestCase._fixture_teardown = empty_tables  # type: ignore[attr-defined]


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
    from django.conf import settings  # noqa: F401  makes the data directory

    from zabota.core.environment import env

    name = f"template_{migrations_hash()}"
    with one_at_a_time(env.data_dir / "template.lock"):
        if not _exists(name):
            _execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", fresh := f"{name}_new")
            _execute("CREATE DATABASE {} TEMPLATE template0", fresh)
            _use(fresh)
            _migrate()
            _use(name)
            _execute("ALTER DATABASE {} RENAME TO {}", fresh, name)
    return name


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
