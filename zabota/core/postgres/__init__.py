"""PostgreSQL, embedded or external: there while it is needed, and fit for Zabota."""

from collections.abc import Iterator
from contextlib import contextmanager

from zabota.core.environment import Environment, disk_problem, make_data_dir
from zabota.core.postgres.checks import check_database, connection_string
from zabota.core.postgres.server import START_LIMIT, EmbeddedServer
from zabota.core.processes import Hold

__all__ = ["EmbeddedServer", "check_database", "connection_string", "running_database"]

FOR_EVER = float("inf")


@contextmanager
def running_database(environment: Environment) -> Iterator[None]:
    """For a command: the running desk's database, else one that runs for the moment.

    Commands that came to a server this one started are waited for before it stops.
    """
    if environment.database_url:
        check_database(connection_string(environment))
        yield
        return
    guests = Hold(make_data_dir(environment.data_dir) / "commands.lock")
    server = EmbeddedServer(environment.data_dir)
    try:
        guests.take(shared=True, wait=START_LIMIT)
    except OSError as error:
        raise disk_problem(environment.data_dir, error) from error
    started = server.launch()
    try:
        server.wait_until_ready()
        check_database(connection_string(environment))
        yield
    finally:
        guests.close()
        if started:
            guests.take(wait=FOR_EVER)
            server.stop()
            guests.close()
