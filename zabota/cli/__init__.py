"""The command line. What a command needs is imported when it runs: help and parsing stay quick.

Exit codes: 0 done, 1 some items refused, 2 wrong usage, 3 the environment.
"""

import sys
from functools import cache

import click

from zabota.channels.email.doors import Doors
from zabota.cli.check import check
from zabota.cli.desk import data_dir, on_desk
from zabota.cli.inboxes import inbox
from zabota.cli.people import create_admin, create_agent, password_link, token
from zabota.cli.upkeep import backup, release, restore
from zabota.core.environment import EnvironmentProblem


def main() -> None:
    """Run the command; what is wrong outside the program is one line and exit code 3."""
    try:
        cli(prog_name="zabota")
    except EnvironmentProblem as problem:
        click.echo(f"zabota: {problem}", err=True)
        sys.exit(3)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zabota")
def cli() -> None:
    """Zabota: every customer in one place, every promise kept."""


PORT = click.IntRange(1, 65535)
host = click.option("--host", default="127.0.0.1", show_default=True, envvar="ZABOTA_HOST")
port = click.option("--port", type=PORT, default=8000, show_default=True, envvar="ZABOTA_PORT")
smtp_port = click.option(
    "--smtp-port", type=PORT, default=2525, show_default=True, envvar="ZABOTA_SMTP_PORT"
)
lmtp_port = click.option(
    "--lmtp-port", type=PORT, envvar="ZABOTA_LMTP_PORT", help="Take mail in by LMTP, too."
)
lmtp_socket = click.option(
    "--lmtp-socket",
    type=click.Path(),
    default="",
    envvar="ZABOTA_LMTP_SOCKET",
    help="Take mail in by LMTP at a Unix socket, too.",
)


@cli.command()
@host
@port
@smtp_port
@lmtp_port
@lmtp_socket
@data_dir
@click.option("--demo", is_flag=True, help="Load the demonstration company first.")
def run(
    host: str, port: int, smtp_port: int, lmtp_port: int | None, lmtp_socket: str, demo: bool
) -> None:
    """Run the whole desk: database, pages, worker, mail listener."""
    from zabota.cli.run import Ports, run_desk

    run_desk(Ports(host, port, Doors(host, smtp_port, lmtp_port, lmtp_socket)), demo=demo)


@cli.command()
@host
@port
@on_desk
def web(host: str, port: int) -> None:
    """Serve pages, API and streams only."""
    from zabota.cli.listening import base_url, listen
    from zabota.cli.roles import serve_web

    listener = listen(host, port, "--port")
    click.echo(f"ready {base_url(host, port)}/")
    serve_web(listener)


@cli.command()
@on_desk
def worker() -> None:
    """Apply what came in and send what goes out only."""
    from zabota.cli.roles import serve_worker

    serve_worker()


@cli.command()
@host
@smtp_port
@lmtp_port
@lmtp_socket
@on_desk
def mail(host: str, smtp_port: int, lmtp_port: int | None, lmtp_socket: str) -> None:
    """Take in mail by SMTP and LMTP only."""
    from zabota.cli.roles import serve_mail

    serve_mail(Doors(host, smtp_port, lmtp_port, lmtp_socket))


@cli.command()
@data_dir
def migrate() -> None:
    """Bring the database to this version. Safe to repeat, and beside a running desk."""
    from zabota.cli.desk import open_desk, prepare_desk

    with open_desk(migrated=False):
        prepare_desk()


@cli.command()
@on_desk
def demo() -> None:
    """Load the demonstration company and print who can sign in."""
    from zabota.cli.desk import load_demo

    load_demo()


@cli.command()
@click.option("--domain", required=True, help="Of the addresses mail is sent from.")
@data_dir
def dkim(domain: str) -> None:
    """Sign mail from a domain, and print what to put into its DNS.

    The key is made once, in the data directory; mail is signed with it from then on.
    """
    from zabota.channels.email.commands import print_dkim

    print_dkim(domain)


class _MailCommands(click.Group):
    """Groups whose one command, `mail`, is the mail channel's own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return ["mail"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name != "mail":
            return None
        return _parse_mail() if self.name == "parse" else _import_mail()


def _parse_mail() -> click.Command:
    from zabota.channels.email.commands import parse_mail_command

    return parse_mail_command


@cache
def _import_mail() -> click.Command:
    from zabota.channels.email.commands import import_mail_command

    assert import_mail_command.callback
    import_mail_command.callback = on_desk(import_mail_command.callback)
    return data_dir(import_mail_command)


for command in (
    inbox,
    create_admin,
    create_agent,
    password_link,
    token,
    backup,
    check,
    restore,
    release,
):
    cli.add_command(command)
cli.add_command(_MailCommands("import", help="Bring in what was received elsewhere."))
cli.add_command(_MailCommands("parse", help="Show how a message is read; no database."))
