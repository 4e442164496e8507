"""Adds an entry, then a column that needs an exclusive lock; the entry must not remain if the column fails."""

from django.db import migrations, models


def add_entry(apps, schema_editor):
    apps.get_model("journal", "Entry").objects.create(text="before the column")


class Migration(migrations.Migration):
    dependencies = [("journal", "0004_index")]
    operations = [
        migrations.RunPython(add_entry, migrations.RunPython.noop),
        migrations.AddField("entry", "author", models.TextField(default="")),
    ]
