"""Exit with 1 if the models have changed and no migration says so."""

from django.core.management import call_command

from zabota.cli.desk import open_desk

with open_desk(migrated=False):  # Django compares with the history of a database, too
    call_command("makemigrations", check_changes=True, dry_run=True)
