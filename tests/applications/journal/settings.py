"""The project's settings with nothing but the journal, whose migrations start soon."""

from webapp.settings import *  # noqa: F403

INSTALLED_APPS = [
    # It asks each new connection for its types, by the connection's alias.
    "django.contrib.postgres",
    "django_runtimes.databases",
    "django_runtimes.operations",
    "django_runtimes.migration_gate",
    "journal",
]
ROOT_URLCONF = "journal.urls"
