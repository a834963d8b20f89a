"""A desk to work on: settings, a running and migrated database."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC, EROFS
from functools import wraps
from typing import ParamSpec

import click

from zabota.core.environment import EnvironmentProblem
from zabota.core.locks import Lock

FIRST_INBOX = "support@localhost"
P = ParamSpec("P")


def _remember_data_dir(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> None:
    if value:
        os.environ["ZABOTA_DATA_DIR"] = value


data_dir = click.option(
    "--data-dir",
    type=click.Path(file_okay=False),
    expose_value=False,  # it is read by whoever asks `zabota.core.environment` afterwards
    is_eager=True,
    callback=_remember_data_dir,
    help="Where the desk keeps everything. [env: ZABOTA_DATA_DIR; default: var]",
)


def on_desk(work: Callable[P, None]) -> Callable[P, None]:
    """Let a command take `--data-dir` and run on that desk's database, running or not."""

    @wraps(work)
    def on_open_desk(*args: P.args, **kwargs: P.kwargs) -> None:
        with open_desk():
            work(*args, **kwargs)

    return data_dir(on_open_desk)


@contextmanager
def open_desk(*, migrated: bool = True) -> Iterator[None]:
    """Django set up, the database reached and migrated; a database that goes away is one line."""
    from zabota.core.environment import disk_problem, env
    from zabota.core.postgres import running_database

    with running_database(env):
        set_up()
        from django.db import OperationalError, connection

        try:
            if migrated:
                _require_migrated()
            yield
        except OperationalError as error:
            reason = str(error).strip().partition("\n")[0]
            raise EnvironmentProblem(f"the database went away: {reason}") from error
        except OSError as error:
            if error.errno not in (ENOSPC, EDQUOT, EROFS):
                raise
            raise disk_problem(env.data_dir, error) from error
        finally:
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]


def set_up() -> None:
    """Django with the house's settings, and every room's listeners and channels."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zabota.settings")
    django.setup()
    from zabota.core.environment import env
    from zabota.core.logs import log_last_words
    from zabota.events.apps import load_rooms

    if not env.debug:
        log_last_words()

    load_rooms()


def _require_migrated() -> None:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from zabota.core.environment import env

    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    if env.database_url:
        raise EnvironmentProblem("the database is not ready for this version: run zabota migrate")
    prepare_desk()


def prepare_desk() -> None:
    """Migrate, one process at a time, and put in what every desk begins with. Idempotent."""
    import psycopg
    from django.core.management import call_command
    from django.db import connection

    from zabota.core.environment import env
    from zabota.core.postgres import connection_string

    with psycopg.connect(connection_string(env), autocommit=True) as one_at_a_time:
        one_at_a_time.execute("SELECT pg_advisory_lock(%s)", [Lock.MIGRATE])
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")  # never stand in the way of a running desk
        call_command("migrate", verbosity=0, interactive=False)
        _put_in_first_things()


def _put_in_first_things() -> None:
    from zabota.company.actions import ensure_company
    from zabota.core.environment import env
    from zabota.intake.actions import add_inbox
    from zabota.intake.models import Inbox
    from zabota.staff.actions import ensure_roles

    ensure_company(env.language)
    ensure_roles()
    if not Inbox.objects.exists():
        add_inbox(FIRST_INBOX)


def load_demo() -> None:
    """The demonstration company, if it is not there yet, and who can sign in."""
    from zabota.demo import load

    for line in load():
        click.echo(line)
