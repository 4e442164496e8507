"""Adds a column, writes rows, and adds another column; between the two it fails if LEDGER_FAILS is set."""

import os

from django.db import migrations, models


def write_currency(apps, schema_editor):
    apps.get_model("ledger", "Account").objects.update(currency="CHF")
    if os.environ.get("LEDGER_FAILS"):
        raise ValueError("no rate for CHF")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_gate")]
    operations = [
        migrations.AddField("account", "currency", models.CharField(default="EUR", max_length=3)),
        migrations.RunPython(write_currency, migrations.RunPython.noop),
        migrations.AddField("account", "closed", models.BooleanField(default=False)),
    ]
