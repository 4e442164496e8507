"""The project's settings with a view that exports rows."""

from webapp.settings import *  # noqa: F403

ROOT_URLCONF = "tests.applications.exporting.urls"
