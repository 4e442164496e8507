"""Settings with GeoDjango installed but no model with a spatial field."""

from places.settings import *  # noqa: F403
from places.settings import INSTALLED_APPS

INSTALLED_APPS = [
    *(app for app in INSTALLED_APPS if app.startswith("django_runtimes.")),
    "django.contrib.contenttypes",
    "django.contrib.gis",
]
