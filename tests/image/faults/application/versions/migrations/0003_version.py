"""Adds a column that the version before 3 does not have."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("versions", "0002_version")]
    operations = [migrations.RunSQL("ALTER TABLE guestbook_entry ADD COLUMN version_3 text", migrations.RunSQL.noop)]
