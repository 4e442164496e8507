"""The project's settings with the reference application instead of the sample application."""

from webapp.settings import *  # noqa: F403  (every setting, so that none is forgotten)
from webapp.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = ["benchmarks.application" if name == "webapp.guestbook" else name for name in _APPS]
ROOT_URLCONF = "benchmarks.application.urls"
