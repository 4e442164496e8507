"""The settings module that Zappa's command line would generate for this application with `app_type` "asgi"."""

from benchmarks.handlers.zappa_settings import *  # noqa: F403  (every setting, so that none is forgotten)

DJANGO_SETTINGS = None
APP_MODULE = "benchmarks.application.adapted"
APP_FUNCTION = "application"
APP_TYPE = "asgi"
