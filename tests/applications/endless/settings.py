"""The project's settings, with the endless responses' URLs."""

from webapp.settings import *  # noqa: F403

ROOT_URLCONF = "tests.applications.endless.urls"
