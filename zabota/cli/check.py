"""`zabota check`: is every part of the desk well?"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from zabota.cli.desk import data_dir
from zabota.core.environment import EnvironmentProblem

if TYPE_CHECKING:
    from zabota.upkeep.checkup import Doorways, Finding

SIGNS = {"ok": "ok   ", "note": "note ", "wrong": "WRONG"}


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, envvar="ZABOTA_HOST")
@click.option("--port", type=int, default=8000, show_default=True, envvar="ZABOTA_PORT")
@click.option("--smtp-port", type=int, default=2525, show_default=True, envvar="ZABOTA_SMTP_PORT")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@data_dir
def check(host: str, port: int, smtp_port: int, as_json: bool) -> None:
    """Say of each part of the desk that it is well, or what to do.

    Exit code 1: something is wrong. 3: the database cannot be reached.
    """
    from zabota.cli.listening import own_address
    from zabota.upkeep.checkup import Doorways, Verdict

    found = list(_look(Doorways(own_address(host), port, smtp_port)))
    if as_json:
        parts = [asdict(one) for one in found]
        well = all(one.verdict != Verdict.WRONG for one in found)
        click.echo(json.dumps({"ok": well, "parts": parts}, ensure_ascii=False, indent=2))
    else:
        for one in found:
            advice = f"  → {one.advice}" if one.advice else ""
            click.echo(f"{SIGNS[one.verdict]} {one.part}: {one.words}{advice}")
    context = click.get_current_context()
    if any(one.part == "database" and one.verdict == Verdict.WRONG for one in found):
        context.exit(3)
    context.exit(int(any(one.verdict == Verdict.WRONG for one in found)))


def _look(doors: "Doorways") -> Iterator["Finding"]:
    from zabota.core.environment import env, make_data_dir
    from zabota.core.postgres import running_database
    from zabota.upkeep import checkup

    make_data_dir(env.data_dir)
    try:
        with running_database(env):
            yield from checkup.check_database(env)
            yield from _ask_the_desk()
    except EnvironmentProblem as problem:
        yield checkup.wrong("database", "cannot be used", str(problem))
    yield from checkup.check_machine(env, doors, _mail_server(env.outgoing_mail))


def _mail_server(url: str) -> str:
    """`host:port` of the server that takes our mail."""
    from zabota.channels.email.send import read_relay

    relay = read_relay(url)
    return f"{relay.host}:{relay.port}" if relay else ""


def _ask_the_desk() -> list["Finding"]:
    from zabota.cli.desk import set_up

    set_up()
    from django.db import DatabaseError, connection

    from zabota.upkeep.desk_check import check_desk

    try:
        return list(check_desk())
    except DatabaseError as error:
        reason = str(error).strip().partition("\n")[0]
        raise EnvironmentProblem(f"the database refused: {reason}") from error
    finally:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
