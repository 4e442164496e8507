"""The project's settings with the URLs of endless responses."""

from webapp.settings import *  # noqa: F403

ROOT_URLCONF = "tests.applications.endless.urls"
