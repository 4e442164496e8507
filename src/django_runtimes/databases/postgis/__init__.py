"""GeoDjango's engine for PostGIS, with the features of `django_runtimes.databases.postgresql`."""
