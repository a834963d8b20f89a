"""`zabota parse mail`: how Zabota reads one mail; `zabota import mail`: an archive comes in.

Only the second needs a database, and imports what touches it when it runs.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from .parse import ParsedMail, as_json, parse_mail

if TYPE_CHECKING:
    from zabota.intake.models import Inbox


@click.command("mail")
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object.")
def parse_mail_command(file: BinaryIO, as_object: bool) -> None:
    """Show how Zabota reads the mail in FILE (- for standard input)."""
    mail = parse_mail(file.read())
    if as_object:
        click.echo(json.dumps(as_json(mail), ensure_ascii=False, indent=2))
    else:
        click.echo(_summary(mail))


def _summary(mail: ParsedMail) -> str:
    shown = as_json(mail)
    lines = [
        f"{name + ':':<15} {value}"
        for name in ("subject", "from_name", "from_email", "to", "cc", "date", "message_id",
                     "in_reply_to", "references", "auto_submitted", "bounce")
        if (value := _words(shown[name]))
    ]  # fmt: skip
    for file in shown["attachments"]:
        lines.append(
            f"attachment:     {file['filename']} ({file['content_type']}, {file['size']} bytes)"
        )
    lines += [f"warning:        {warning}" for warning in mail.warnings]
    if mail.quoted_text:
        quoted = "\n".join(f"│ {line}" for line in mail.quoted_text.split("\n"))
        return "\n".join([*lines, "", mail.reply_text, "", quoted])
    return "\n".join([*lines, "", mail.reply_text])


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


@click.command("mail")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, readable=True, path_type=Path)
)
@click.option("--inbox", "address", required=True, metavar="ADDRESS", help="Whose mail it was.")
@click.option("--json", "as_object", is_flag=True, help="Print the totals as one JSON object.")
def import_mail_command(paths: tuple[Path, ...], address: str, as_object: bool) -> None:
    """Bring in mails from PATHS: .eml files, mbox, Maildir, or folders of them.

    No receipts go out and no clocks start; every mail keeps its own date. Mail from the inbox's
    own address is an agent's answer. What is known already is not taken twice.
    """
    from .archives import find_mails
    from .importer import import_mails

    inbox = _inbox(address)
    try:
        mails = find_mails(paths)
    except OSError as error:
        raise click.UsageError(f"cannot read {error.filename}: {error.strerror}") from error
    with click.progressbar(length=len(mails), label="Importing", file=sys.stderr) as bar:
        totals = import_mails(mails, inbox, bar.update).as_json()
    if as_object:
        click.echo(json.dumps(totals))
    else:
        click.echo(", ".join(f"{name}: {count}" for name, count in totals.items()))
    if totals["suspended"] or totals["quarantined"]:
        click.get_current_context().exit(1)


def print_dkim(domain: str) -> None:
    """Make this domain's key if there is none, and print its record for the DNS.

    Raises `click.UsageError`, `EnvironmentProblem`.
    """
    from .signing import make_key

    try:
        name = domain.strip().lower().rstrip(".").encode("idna").decode()
    except UnicodeError:
        name = ""
    if "." not in name or not name.replace(".", "").replace("-", "").isalnum():
        raise click.UsageError(f"{domain!r} is not a domain; one looks like example.com")
    key = make_key(name)
    pieces = [key.record[i : i + 200] for i in range(0, len(key.record), 200)]
    click.echo(f"{key.name}. IN TXT ( " + " ".join(f'"{piece}"' for piece in pieces) + " )")


def _inbox(address: str) -> "Inbox":
    from zabota.intake.queries import find_inbox

    if inbox := find_inbox("email", address):
        return inbox
    raise click.UsageError(f"there is no inbox {address}: zabota inbox add --address {address}")
