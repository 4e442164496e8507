"""The project's settings with only the journal, so that its migrations start quickly."""

from webapp.settings import *  # noqa: F403
from webapp.settings import INSTALLED_APPS

INSTALLED_APPS = [
    # This app queries types on each new connection, which it finds by the connection's alias.
    "django.contrib.postgres",
    *(app for app in INSTALLED_APPS if app.startswith("django_runtimes.")),
    "journal",
]
ROOT_URLCONF = "journal.urls"
# Otherwise the check would report INSTALLED_APPS, which differs on purpose.
SILENCED_SYSTEM_CHECKS = ["django_runtimes.W020"]
