"""Ticket numbers, and search in buckets of 16,384 messages (see `tickets/search.py`)."""

from django.db import migrations

NUMBERS = "CREATE SEQUENCE ticket_number"
# Long texts are searched by their first 100,000 letters: a tsvector holds 1 MB at most.
SEARCH = """
ALTER TABLE tickets_message ADD COLUMN search tsvector GENERATED ALWAYS AS (
  to_tsvector('zabota'::regconfig, left(
    subject || ' ' || author_name || ' ' || author_address || ' ' || text, 100000))) STORED;
CREATE INDEX message_search ON tickets_message USING gin ((id >> 14), search);
ALTER TABLE tickets_note ADD COLUMN search tsvector GENERATED ALWAYS AS (
  to_tsvector('zabota'::regconfig, left(author_name || ' ' || text, 100000))) STORED;
CREATE INDEX note_search ON tickets_note USING gin ((id >> 14), search);
"""
# For who sees little of a large desk: without these a search reads every ticket, bucket by bucket.
SCOPES = """
CREATE INDEX ticket_team ON tickets_ticket (team_id);
CREATE INDEX ticket_assignee ON tickets_ticket (assignee_id);
"""
# Rows of the open lists change often: room on the page, and vacuum before the lists feel it.
STORAGE = """
ALTER TABLE tickets_ticket SET (fillfactor = 80,
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
"""


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_start"), ("core", "0001_start")]
    operations = [
        migrations.RunSQL(NUMBERS, "DROP SEQUENCE ticket_number"),
        migrations.RunSQL(SEARCH, migrations.RunSQL.noop),
        migrations.RunSQL(SCOPES, "DROP INDEX ticket_team; DROP INDEX ticket_assignee"),
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
    ]
