"""The project's settings with GeoDjango."""

from webapp.settings import *  # noqa: F403

INSTALLED_APPS = [
    "django_runtimes.databases",
    "django_runtimes.operations",
    "django_runtimes.migration_gate",
    "django.contrib.gis",
    "places",
]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "places.urls"
