"""Version 3 adds a column, which the version before does not know."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("versions", "0002_version")]
    operations = [migrations.RunSQL("ALTER TABLE guestbook_entry ADD COLUMN version_3 text", migrations.RunSQL.noop)]
