"""The project's settings with views that stream."""

from webapp.settings import *  # noqa: F403

ROOT_URLCONF = "streaming.urls"
MIDDLEWARE = []
