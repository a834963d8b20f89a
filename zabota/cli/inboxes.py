"""Inboxes from the command line: adding, connecting, testing, listing."""

import json
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zabota.cli.desk import on_desk

if TYPE_CHECKING:
    from zabota.intake.models import Inbox
    from zabota.intake.sources import Finding, Secret, Source

FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@click.group()
def inbox() -> None:
    """Addresses that mail is taken in for."""


@inbox.command("add")
@click.option("--address", required=True)
@click.option("--brand", help="Made if it is new; the first one if not given.")
@click.option("--imap", metavar="URL", help="Fetch: imaps://user@host[:port]/[FOLDER]")
@click.option("--oauth", type=click.Choice(["google", "microsoft"]), help="Instead of a password.")
@click.option("--password-file", type=FILE, help="- is standard input; asked for if not given.")
@click.option("--refresh-token-file", type=FILE, help="With --oauth; else connected in settings.")
@click.option("--after", help="With taken mail: leave (default), seen, move:FOLDER, delete.")
@click.option("--since", help="Of what is there already take: now (nothing, default), all, DATE.")
@on_desk
def add_inbox(address: str, brand: str | None, imap: str | None, **how: Any) -> None:
    """Take in mail for this address, at once; with --imap fetch it, too."""
    from zabota.intake import actions

    source = _source(imap, how["oauth"], how["after"])
    try:
        made, is_new = actions.add_inbox(address, brand=brand)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    known = "added" if is_new else "is there already"
    click.echo(f"{made.address} {known}, of the brand {made.brand.name}")
    if source:
        since = _since(how["since"], made, source)
        _connect(made, replace(source, since=since), _secret(how, made, source))


def _source(imap: str | None, oauth: str | None, after: str | None) -> "Source | None":
    if imap is None:
        return None
    from zabota.channels.email.imap_url import read_imap_url
    from zabota.intake.sources import After

    kind, _, folder = (after or "leave").partition(":")
    if kind not in list(After) or (kind == After.MOVE) != bool(folder):
        raise click.UsageError("--after is leave, seen, move:FOLDER or delete")
    try:
        source = read_imap_url(imap)
    except ValueError as error:
        raise click.UsageError(f"--imap: {error}") from error
    return replace(source, after=After(kind), move_to=folder, provider=oauth or "")


def _since(given: str | None, made: "Inbox", source: "Source") -> datetime | None:
    """A moment; None for everything. Connected anew, it stays what it was."""
    from django.utils import timezone

    from zabota.core import clock
    from zabota.intake.sources import source_of

    before = source_of(made)
    if given is None and before and before.account == source.account:
        return before.since
    if given in (None, "now"):
        return clock.now()
    if given == "all":
        return None
    try:
        return timezone.make_aware(datetime.strptime(given or "", "%Y-%m-%d"))  # noqa: DTZ007
    except ValueError as error:
        raise click.UsageError("--since is now, all or a date, 2026-01-31") from error


def _secret(how: dict[str, Any], made: "Inbox", source: "Source") -> "Secret":
    """As it is given, or as it is; else it is asked for."""
    import os

    from zabota.intake.sources import Secret, source_of

    before = source_of(made)
    is_same = before and (before.account, before.provider) == (source.account, source.provider)
    kept = _opened(made) if is_same else Secret()
    if source.provider:
        file = how["refresh_token_file"]
        return Secret(refresh_token=_read(file)) if file else kept
    if how["password_file"]:
        return Secret(password=_read(how["password_file"]))
    if given := os.environ.get("ZABOTA_IMAP_PASSWORD", ""):
        return Secret(password=given)
    if not kept.is_empty:
        return kept
    if not sys.stdin.isatty():
        raise click.UsageError("name a --password-file, or set ZABOTA_IMAP_PASSWORD")
    return Secret(password=click.prompt(f"Password of {source.user}", hide_input=True))


def _opened(made: "Inbox") -> "Secret":
    from zabota.core.sealing import Unsealable
    from zabota.intake.sources import Secret

    try:
        return Secret.opened(made.secret)
    except Unsealable:
        return Secret()


def _read(file: Path) -> str:
    text = sys.stdin.read() if str(file) == "-" else file.read_text()
    return text.strip("\r\n")


def _connect(made: "Inbox", source: "Source", secret: "Secret") -> None:
    from zabota.events.registry import SYSTEM
    from zabota.intake.inboxes import connect_inbox

    connect_inbox(made, source, secret, actor=SYSTEM)
    if source.provider and secret.is_empty:
        click.echo(f"connect it to {source.provider.title()} under /settings/inboxes/{made.pk}")
        return
    found = _test(source, secret)
    click.echo(_words(source, found))


def _test(source: "Source", secret: "Secret") -> "Finding":
    from zabota.intake.sources import FETCHING

    return FETCHING["email"].test(source, secret)


def _words(source: "Source", found: "Finding") -> str:
    from django.utils.translation import override

    from zabota.intake.troubles import say

    if found.trouble is None:
        return f"{source.folder} of {source.user} at {source.host} opens: {found.waiting} mails"
    with override("en"):
        words = say(found.trouble, found.said)
    lines = [f"{words.what}.", words.advice, f"The other side said: {words.said}"]
    if found.folders:
        lines.append(f"Folders there are: {', '.join(found.folders)}")
    return "\n".join(line for line in lines[: 3 if words.said else 2] + lines[3:] if line)


@inbox.command("test")
@click.option("--address", required=True)
@click.option("--json", "as_json", is_flag=True)
@on_desk
def test_inbox(address: str, as_json: bool) -> None:
    """Go to the inbox's mail server and say what is wrong, if anything. Changes nothing."""
    from zabota.core.sealing import Unsealable
    from zabota.intake.models import Inbox
    from zabota.intake.sources import Finding, Secret, Trouble, source_of

    found = Inbox.objects.filter(address=address.strip().lower()).first()
    source = source_of(found) if found else None
    if found is None or source is None:
        raise click.UsageError(
            f"nothing is fetched for {address}: zabota inbox add --address {address} --imap …"
        )
    try:
        finding = _test(source, Secret.opened(found.secret))
    except Unsealable as error:
        finding = Finding(Trouble.SECRET, str(error))
    click.echo(_as_json(finding) if as_json else _words(source, finding))
    if not finding.is_well:
        click.get_current_context().exit(1)


def _as_json(finding: "Finding") -> str:
    said = {
        "ok": finding.is_well,
        "trouble": finding.trouble.value if finding.trouble else None,
        "said": finding.said,
        "folders": finding.folders,
        "mails": finding.waiting,
    }
    return json.dumps(said, ensure_ascii=False, indent=2)


@inbox.command("list")
@click.option("--json", "as_json", is_flag=True)
@on_desk
def list_inboxes(as_json: bool) -> None:
    """The addresses there are."""
    from zabota.intake.models import Inbox

    rows = [
        _row(inbox) for inbox in Inbox.objects.select_related("brand", "health").order_by("address")
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        off, trouble = "" if row["active"] else "  (off)", row["trouble"]
        click.echo(f"{row['address']}  {row['brand']}{off}{f'  {trouble}' if trouble else ''}")


def _row(inbox: "Inbox") -> dict[str, Any]:
    from zabota.intake.sources import source_of

    source = source_of(inbox)
    return {
        "address": inbox.address,
        "channel": inbox.channel,
        "brand": inbox.brand.slug,
        "name": inbox.name,
        "active": inbox.is_active,
        "fetches": f"{source.account}/{source.folder}" if source else None,
        "trouble": getattr(getattr(inbox, "health", None), "trouble", "") or None,
    }
