"""What Django has no words for: the writing transaction of each event, and a guarded audit."""

from django.db import migrations

XID = """
ALTER TABLE events_event ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX event_feed ON events_event (xid, id);
CREATE INDEX event_at ON events_event USING brin (at);
INSERT INTO events_epoch (number) VALUES (1);
"""
GUARD = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON events_audit
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0001_start"), ("core", "0001_start")]
    operations = [
        migrations.RunSQL(XID, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD, "DROP FUNCTION refuse_change() CASCADE"),
    ]
