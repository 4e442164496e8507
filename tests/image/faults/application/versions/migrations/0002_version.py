"""Version 2 adds a column, which the version before does not know."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("versions", "0001_version")]
    operations = [migrations.RunSQL("ALTER TABLE guestbook_entry ADD COLUMN version_2 text", migrations.RunSQL.noop)]
