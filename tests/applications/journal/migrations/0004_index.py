"""Builds an index concurrently."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("journal", "0003_sleep")]
    operations = [AddIndexConcurrently("entry", models.Index(fields=["text"], name="journal_entry_text"))]
