"""The project's settings with nothing but the journal, whose migrations start soon."""

from webapp.settings import *  # noqa: F403
from webapp.settings import INSTALLED_APPS

INSTALLED_APPS = [
    # It asks each new connection for its types, by the connection's alias.
    "django.contrib.postgres",
    *(app for app in INSTALLED_APPS if app.startswith("django_runtimes.")),
    "journal",
]
ROOT_URLCONF = "journal.urls"
# The applications above are others on purpose.
SILENCED_SYSTEM_CHECKS = ["django_runtimes.W020"]
