"""The project's settings with nothing but the journal, whose migrations start soon."""

from webapp.settings import *  # noqa: F403

INSTALLED_APPS = ["webapp.database", "journal"]
ROOT_URLCONF = "journal.urls"
