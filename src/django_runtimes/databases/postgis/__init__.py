"""GeoDjango's engine for PostGIS, with what `django_runtimes.databases.postgresql` adds to Django's."""
