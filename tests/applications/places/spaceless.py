"""GeoDjango is installed, and no model has a spatial field."""

from places.settings import *  # noqa: F403

INSTALLED_APPS = ["django_runtimes.databases", "django.contrib.contenttypes", "django.contrib.gis"]
