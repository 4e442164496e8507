"""The project's settings with the reference application in the sample's place, and nothing else changed."""

from webapp.settings import *  # noqa: F403  (every setting, lest one be left behind)
from webapp.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = ["benchmarks.application" if name == "webapp.guestbook" else name for name in _APPS]
ROOT_URLCONF = "benchmarks.application.urls"
