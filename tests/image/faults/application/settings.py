"""The project's settings with the views of these cases beside its own; email goes to the log."""

from webapp.settings import *  # noqa: F403
from webapp.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.image.faults.application.versions"]
ROOT_URLCONF = "tests.image.faults.application.urls"
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
