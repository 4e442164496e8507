"""The project's settings with views that hold connections."""

from webapp.settings import *  # noqa: F403

ROOT_URLCONF = "holding.urls"
