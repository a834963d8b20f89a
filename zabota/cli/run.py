"""`zabota run`: the whole desk as one tree of processes."""

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import click

from zabota.channels.email.doors import Doors
from zabota.cli import roles
from zabota.cli.desk import load_demo, prepare_desk, set_up
from zabota.cli.listening import answers_http, answers_tcp, base_url, check_port, listen
from zabota.cli.supervisor import Role, Supervisor
from zabota.core.environment import EnvironmentProblem, disk_problem, env, make_data_dir
from zabota.core.postgres import EmbeddedServer, check_database, connection_string
from zabota.core.processes import Hold, end_with_parent

WAIT_FOR_COMMANDS = 60.0
WAIT_UNTIL_READY = 60.0


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the desk listens."""

    host: str
    web: int
    mail: Doors


def run_desk(ports: Ports, *, demo: bool) -> None:
    """Run until SIGINT or SIGTERM. Raises `EnvironmentProblem`, the first lines before any work."""
    if os.environ.get("ZABOTA_END_WITH_PARENT"):
        end_with_parent(os.getppid(), signal.SIGTERM)
    _only_one(env.data_dir)
    listener = listen(ports.host, ports.web, "--port")
    check_port(ports.host, ports.mail.smtp_port, "--smtp-port")
    if ports.mail.lmtp_port:
        check_port(ports.host, ports.mail.lmtp_port, "--lmtp-port")
    server = None if env.database_url else EmbeddedServer(env.data_dir)
    tree = Supervisor(
        [
            Role("web", lambda: roles.serve_web(listener)),
            Role("worker", roles.serve_worker),
            Role("mail", lambda: roles.serve_mail(ports.mail)),
        ],
        server,
    )
    with tree.signals():
        _launch(tree)
        with tree.interruptible():  # while PostgreSQL starts
            set_up()
            roles.load_everything()
        if code := tree.run_once(lambda: _prepare(ports, demo=demo)):
            sys.exit(code)
        _say_when_ready(tree, ports)
        tree.watch()


def _only_one(data_dir: Path) -> None:
    """Hold the data directory until the last process of this tree has ended."""
    hold = Hold(make_data_dir(data_dir) / "run.lock")
    try:
        if hold.take(wait=3):  # what a kill left needs a moment to go
            return
    except OSError as error:
        raise disk_problem(data_dir, error) from error
    raise EnvironmentProblem(
        f"a desk runs on {data_dir} already: stop it or choose another folder with --data-dir"
    )


def _launch(tree: Supervisor) -> None:
    if tree.database is None or tree.database.launch():
        return
    click.echo("waiting for another zabota command to end", err=True)
    until = time.monotonic() + WAIT_FOR_COMMANDS
    while not tree.stopping and not tree.database.launch(wait=0.5):
        if time.monotonic() > until:
            raise EnvironmentProblem(f"another zabota command goes on using {env.data_dir}")


def _prepare(ports: Ports, *, demo: bool) -> None:
    """In a child, so that the parent has no connection when it forks."""
    if not env.database_url:
        EmbeddedServer(env.data_dir).wait_until_ready()
    check_database(connection_string(env))
    _warn_of_bare_pages()
    prepare_desk()
    if demo:
        load_demo()
    _print_setup_link(ports)


def _warn_of_bare_pages() -> None:
    from zabota.workspace.built import front_end_is_built

    for warning in front_end_is_built():
        click.echo(f"zabota: {warning.msg}: {warning.hint}", err=True)


def _print_setup_link(ports: Ports) -> None:
    from zabota.staff.actions import create_setup_link

    if path := create_setup_link():
        address = env.public_url or base_url(ports.host, ports.web)
        click.echo(f"make yourself administrator, once: {address}{path}")


def _say_when_ready(tree: Supervisor, ports: Ports) -> None:
    until = time.monotonic() + WAIT_UNTIL_READY
    tree.watch(until=lambda: _answers(ports) or time.monotonic() > until)
    if tree.stopping:
        return
    if not _answers(ports):
        raise EnvironmentProblem(
            f"the desk does not answer: see the lines above and {env.data_dir}"
        )
    click.echo(f"ready {base_url(ports.host, ports.web)}/")


def _answers(ports: Ports) -> bool:
    return answers_tcp(ports.host, ports.mail.smtp_port) and answers_http(ports.host, ports.web)
