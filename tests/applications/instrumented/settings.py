"""The project's settings with this package's views; each tool's module adds the tool and a function `note`."""

from webapp.settings import *  # noqa: F403

ROOT_URLCONF = "instrumented.urls"
INSTALLED_APPS = [app for app in INSTALLED_APPS if not app.startswith("webapp.")]  # noqa: F405
AUTH_USER_MODEL = "auth.User"
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
# At any lower level each failing view would print a traceback in the tests' output.
LOGGING["loggers"] = {**LOGGING.get("loggers", {}), "django.request": {"level": "CRITICAL"}}  # noqa: F405
