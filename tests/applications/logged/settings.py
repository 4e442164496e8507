"""A project whose views log, query, stream and fail, beside a websocket that echoes."""

import os

from django_runtimes import configure

SECRET_KEY = None
ALLOWED_HOSTS: list[str] = []
ROOT_URLCONF = "tests.applications.logged.urls"
ASGI_APPLICATION = os.environ.get("LOGGED_APPLICATION")
INSTALLED_APPS: list[str] = []
MIDDLEWARE = os.environ.get("LOGGED_MIDDLEWARE", "").split()
DATABASES: dict[str, dict[str, str]] = {}
if level := os.environ.get("LOGGED_OWN_LEVEL"):
    LOGGING = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"own": {"()": "pythonjsonlogger.json.JsonFormatter", "format": "%(levelname)s %(message)s"}},
        "handlers": {"own": {"class": "logging.StreamHandler", "formatter": "own"}},
        "root": {"handlers": ["own"], "level": level},
    }

configure(globals())
