"""Adds a column that the version before 2 does not have."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("versions", "0001_version")]
    operations = [migrations.RunSQL("ALTER TABLE guestbook_entry ADD COLUMN version_2 text", migrations.RunSQL.noop)]
