"""GeoDjango's engine for PostGIS, with what `webapp.database.postgresql` adds to Django's."""
