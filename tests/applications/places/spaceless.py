"""GeoDjango is installed, and no model has a spatial field."""

from places.settings import *  # noqa: F403

INSTALLED_APPS = ["webapp.database", "django.contrib.contenttypes", "django.contrib.gis"]
