from django.db import migrations, models

# One text becomes a text for each language. Who looks after a shift may empty its bin, too.
BY_LANGUAGE = """
UPDATE staff_agent SET signatures = jsonb_build_object('en', signature, 'ru', signature)
WHERE signature <> ''
"""
ONE_TEXT = """
UPDATE staff_agent SET signature = coalesce(signatures ->> 'en', signatures ->> 'ru', '')
"""
MAY_DELETE = """
UPDATE staff_role SET permissions = permissions || '{"ticket.delete": "all"}'
WHERE slug IN ('administrator', 'supervisor')
"""


class Migration(migrations.Migration):
    dependencies = [("staff", "0001_start")]

    operations = [
        migrations.AddField(
            model_name="agent",
            name="signatures",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.RunSQL(BY_LANGUAGE, ONE_TEXT),
        migrations.RunSQL(MAY_DELETE, migrations.RunSQL.noop),
        migrations.RemoveField(model_name="agent", name="signature"),
    ]
