"""`zabota parse mail`: how Zabota reads one mail. Needs no database."""

import json
from typing import BinaryIO

import click

from .parse import ParsedMail, as_json, parse_mail


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
