import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("intake", "0003_mail_and_holds"),
    ]

    operations = [
        migrations.CreateModel(
            name="MailboxPosition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("account", models.CharField(max_length=600)),
                ("folder", models.CharField(max_length=255)),
                ("uidvalidity", models.BigIntegerField()),
                ("uid", models.BigIntegerField(default=0)),
                ("old_below", models.BigIntegerField(default=0)),
                (
                    "inbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="intake.inbox",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("inbox"),
                        models.F("account"),
                        models.F("folder"),
                        models.F("uidvalidity"),
                        name="mailbox_position_once",
                    )
                ],
            },
        ),
    ]
