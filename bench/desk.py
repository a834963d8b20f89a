"""A desk of the measure's own: an embedded server as in production, one database for each size."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql

from bench.gauges import tree_cpu
from zabota.core.postgres import EmbeddedServer, check_database
from zabota.core.postgres.cluster import SUPERUSER

EMPTY = "zabota"
WATCHED = ("zabota.dispatch", "zabota.intake", "zabota.worker", "zabota.deliveries")


class Desk:
    """The server, its databases, and which of them Django works on."""

    def __init__(self, server: EmbeddedServer) -> None:
        self.server = server
        self.name = EMPTY

    def create(self, name: str, *, template: str = EMPTY) -> None:
        """A new database with all that is in `template`; one of this name goes first."""
        self._leave()
        with self.admin() as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
            create = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER zabota")
            admin.execute(create.format(sql.Identifier(name), sql.Identifier(template)))

    def use(self, name: str) -> None:
        """From now on Django works on this database."""
        from django.db import connections

        self._leave()
        connections.settings["default"]["NAME"] = self.name = name

    def settle(self) -> None:
        """Write out what earlier work left in memory, so that the next does not pay for it."""
        with self.admin() as admin:
            admin.execute("CHECKPOINT")

    def url(self, name: str) -> str:
        """How another process reaches this database."""
        query = urlencode({"host": str(self.server.sockets), "user": "zabota"})
        return f"postgresql:///{quote(name)}?{query}"

    def cpu(self) -> float:
        """Seconds of CPU of the whole PostgreSQL so far."""
        assert self.server.pid
        return tree_cpu(self.server.pid)

    def version(self) -> str:
        with self.admin() as admin:
            row = admin.execute("SHOW server_version").fetchone()
        return str(row[0]) if row else "?"

    def admin(self, name: str = "postgres") -> psycopg.Connection[Any]:
        """A session of the superuser's."""
        where = str(self.server.sockets)
        return psycopg.connect(host=where, user=SUPERUSER, dbname=name, autocommit=True)

    def _leave(self) -> None:
        from django.db import connection

        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]


@contextmanager
def open_desk(folder: Path) -> Iterator[Desk]:
    """A migrated desk under `folder`; Django is set up for it. Nothing runs afterwards."""
    os.environ["ZABOTA_DATA_DIR"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    os.environ.pop("DATABASE_URL", None)
    from zabota.cli.desk import prepare_desk, set_up
    from zabota.core.environment import env
    from zabota.core.postgres import connection_string

    server = EmbeddedServer(folder)
    server.launch()
    try:
        server.wait_until_ready()
        check_database(connection_string(env))
        set_up()
        prepare_desk()
        from zabota.events.apps import load_rooms

        load_rooms()
        desk = Desk(server)
        yield desk
        desk.use(EMPTY)
    finally:
        server.stop()


class Fallbacks(logging.Handler):
    """Counts the warnings of dispatch, intake and worker: what went the slow way or aside."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    def __enter__(self) -> "Fallbacks":
        for name in WATCHED:
            logging.getLogger(name).addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        for name in WATCHED:
            logging.getLogger(name).removeHandler(self)
