"""The project's settings with GeoDjango."""

from webapp.settings import *  # noqa: F403

INSTALLED_APPS = ["webapp.database", "django.contrib.gis", "places"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "places.urls"
