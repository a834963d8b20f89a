"""Keeping a desk from the command line: back up, restore, release."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from zabota.cli.desk import data_dir, on_desk
from zabota.core.environment import EnvironmentProblem

A_FILE = click.Path(dir_okay=False, path_type=Path)
WITHOUT_KEY = """\
secret.key is not in it, nor are keys in dkim: keep copies somewhere else. Without secret.key
passwords of inboxes must be given anew and reply addresses sent so far lead nowhere. With
--with-secret they are in the file: keep such a one where only you can read it."""
RESTORED = """\
nothing is sent until you say so: {waiting} letters wait that may have left after the backup was
made. Look at them at /outbox, then run `zabota release`, or `zabota release --cancel-waiting` to
keep back those queued before the restore."""


def _bar(label: str) -> Callable[[int], Any]:
    return lambda length: click.progressbar(length=length, label=label, file=sys.stderr)


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"


@click.command()
@click.argument("file", type=A_FILE)
@click.option("--with-secret", is_flag=True, help="Put secret.key and keys for DKIM in, too.")
@click.option("--force", is_flag=True, help="Write over FILE if it is there.")
@data_dir
def backup(file: Path, with_secret: bool, force: bool) -> None:
    """Back up the desk into FILE, also while it runs: database, attachments, large mails.

    FILE is a gzipped tar, closed to other users. Exit code 1: files that the database names are
    missing from the desk; the rest is in FILE.
    """
    from zabota.core.environment import env
    from zabota.core.postgres import running_database
    from zabota.upkeep.backup import back_up

    file = file.absolute()
    if file.exists() and not force:
        raise click.UsageError(f"{file} is there already: name another, or give --force")
    with running_database(env):
        manifest = back_up(env, file, with_secret=with_secret, watch=_bar("Backing up"))
    tickets, messages = (manifest.rows.get(f"tickets_{kind}", 0) for kind in ("ticket", "message"))
    click.echo(
        f"{file}: {_megabytes(file.stat().st_size)}, {tickets} tickets, {messages} messages, "
        f"{manifest.rows.get('intake_inbound', 0)} in the ledger, {manifest.files} files"
    )
    click.echo("secret.key is in it: whoever reads it can sign in" if with_secret else WITHOUT_KEY)
    if manifest.missing:
        click.echo(f"{len(manifest.missing)} files are missing or damaged in the desk:", err=True)
        click.echo("\n".join(manifest.missing[:20]), err=True)
        click.get_current_context().exit(1)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="In the place of the desk that is there.")
@click.option("--inboxes-off", is_flag=True, help="Take in nothing either: for a rehearsal.")
@data_dir
def restore(file: Path, force: bool, inboxes_off: bool) -> None:
    """Make a desk of the backup FILE, in an empty data directory and database.

    FILE is read against its hashes before anything is changed. The desk then sends nothing until
    `zabota release`.
    """
    from zabota.cli.desk import set_up
    from zabota.core.environment import env
    from zabota.core.postgres import running_database
    from zabota.upkeep import restore as work
    from zabota.upkeep.archive import read_head, verify

    head = read_head(file)
    with click.progressbar(length=file.stat().st_size, label="Checking", file=sys.stderr) as bar:
        manifest = verify(file, bar.update)
    with work.only_we(env.data_dir), running_database(env):
        set_up()
        work.check_head(head)
        work.check_target(env, force=force)
        work.restore(env, file, work.Wishes(force, inboxes_off), _bar("Restoring"))
        wrong = work.differences(env, manifest)
        waiting = _bring_up_to_date()
    for line in wrong:
        click.echo(line, err=True)
    if wrong:
        raise EnvironmentProblem("the desk is not as the backup says: see the lines above")
    click.echo(f"restored as of {head.made_at}: every row and {manifest.files} files are there")
    if not head.has_secret:
        click.echo("secret.key was not in the backup: put your copy into the data directory")
    click.echo(RESTORED.format(waiting=waiting))


def _bring_up_to_date() -> int:
    """Migrate to this version; how many letters wait."""
    from django.db import connection

    from zabota.cli.desk import prepare_desk
    from zabota.intake.holds import WAITING
    from zabota.intake.models import Delivery

    try:
        prepare_desk()
        return Delivery.objects.filter(state__in=WAITING).count()
    finally:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]


@click.command()
@click.option("--cancel-waiting", is_flag=True, help="Never send what was queued before the hold.")
@on_desk
def release(cancel_waiting: bool) -> None:
    """Send again after a restore, a burst or a stop by hand."""
    from zabota.intake import holds

    since = holds.open_holds().values_list("since", flat=True).first()
    if since is None:
        click.echo("nothing is held: letters leave as usual")
        return
    cancelled = holds.cancel_waiting(since) if cancel_waiting else 0
    holds.release_holds()
    click.echo(f"released{f', {cancelled} letters cancelled' if cancel_waiting else ''}")
