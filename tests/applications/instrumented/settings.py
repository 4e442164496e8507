"""The project's settings with these views; the module of a tool adds the tool and its `note`."""

from webapp.settings import *  # noqa: F403

ROOT_URLCONF = "instrumented.urls"
INSTALLED_APPS = [app for app in INSTALLED_APPS if not app.startswith("webapp.")]  # noqa: F405
AUTH_USER_MODEL = "auth.User"
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
# Each failing view would be a traceback in the tests' output.
LOGGING["loggers"] = {**LOGGING.get("loggers", {}), "django.request": {"level": "CRITICAL"}}  # noqa: F405
