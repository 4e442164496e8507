"""The project's settings with GeoDjango."""

from webapp.settings import *  # noqa: F403
from webapp.settings import INSTALLED_APPS

INSTALLED_APPS = [
    *(app for app in INSTALLED_APPS if app.startswith("django_runtimes.")),
    "django.contrib.gis",
    "places",
]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "places.urls"
