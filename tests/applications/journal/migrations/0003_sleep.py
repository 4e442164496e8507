"""Runs one statement that takes JOURNAL_SLEEP_S seconds."""

import os

from django.db import migrations

SLEEP_S = os.environ.get("JOURNAL_SLEEP_S", "0")


class Migration(migrations.Migration):
    dependencies = [("journal", "0002_gate")]
    operations = [migrations.RunSQL(f"SELECT pg_sleep({SLEEP_S})", migrations.RunSQL.noop)]
