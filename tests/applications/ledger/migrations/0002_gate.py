"""Adds an account, then waits until the file named by LEDGER_GATE exists, if the variable is set."""

import os
import time
from pathlib import Path

from django.db import migrations


def add_account_and_wait(apps, schema_editor):
    apps.get_model("ledger", "Account").objects.create(name="by the migration")
    if not os.environ.get("LEDGER_GATE"):
        return
    gate = Path(os.environ["LEDGER_GATE"])
    gate.with_suffix(".reached").touch()
    while not gate.exists():
        time.sleep(0.02)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunPython(add_account_and_wait, migrations.RunPython.noop)]
