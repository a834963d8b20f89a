"""Raw bytes are compressed already; ledger rows are changed once, soon after they are written."""

from django.db import migrations

STORAGE = """
ALTER TABLE intake_inboundraw ALTER COLUMN data SET STORAGE EXTERNAL;
ALTER TABLE intake_inbound SET (fillfactor = 80);
"""


class Migration(migrations.Migration):
    dependencies = [("intake", "0001_start")]
    operations = [migrations.RunSQL(STORAGE, migrations.RunSQL.noop)]
