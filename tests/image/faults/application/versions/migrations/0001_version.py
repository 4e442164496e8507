"""Adds a column that the version before 1 does not have."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("guestbook", "0001_initial")]
    operations = [migrations.RunSQL("ALTER TABLE guestbook_entry ADD COLUMN version_1 text", migrations.RunSQL.noop)]
