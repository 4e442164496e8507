"""The project's settings with another application."""

from webapp.settings import *  # noqa: F403
from webapp.settings import INSTALLED_APPS

INSTALLED_APPS = [*(app for app in INSTALLED_APPS if app != "webapp.guestbook"), "notes"]
ROOT_URLCONF = "notes.urls"
