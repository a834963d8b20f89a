from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("files", "0001_start")]
    operations = [
        migrations.CreateModel(
            name="Leftover",
            fields=[
                ("key", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("since", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
