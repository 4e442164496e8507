"""Adds an entry, then waits until the file named by JOURNAL_GATE exists, if the variable is set."""

import os
import time
from pathlib import Path

from django.db import migrations


def add_entry_and_wait(apps, schema_editor):
    apps.get_model("journal", "Entry").objects.create(text="by the migration")
    if not os.environ.get("JOURNAL_GATE"):
        return
    gate = Path(os.environ["JOURNAL_GATE"])
    gate.with_suffix(".reached").touch()
    while not gate.exists():
        time.sleep(0.02)


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_initial")]
    operations = [migrations.RunPython(add_entry_and_wait, migrations.RunPython.noop)]
