"""Settings for Django's own handlers and engine; variables choose how long connections are kept."""

import os

from django_runtimes.config.database_url.url import parse_database_url
from django_runtimes.config.environment import Environment
from django_runtimes.config.variables import application_variables

_address = parse_database_url(os.environ.get("DATABASE_URL", ""))
_has_pool = os.environ.get("CLAIM_POOL") == "1"

# The server listens on 127.0.0.1 only, and each start has a key of its own.
SECRET_KEY = Environment(os.environ)[application_variables.SECRET_KEY] or ""
ALLOWED_HOSTS = ["*"]
DEBUG = False
USE_TZ = True
INSTALLED_APPS: list[str] = []
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "django_runtimes.compare.claims.probe.probe_urls"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": _address.host,
        "PORT": str(_address.port),
        "NAME": _address.name,
        "USER": _address.user,
        "PASSWORD": _address.password,
        "CONN_MAX_AGE": int(os.environ.get("CLAIM_CONN_MAX_AGE", "0")),
        # With True Django uses the defaults of psycopg's pool.
        "OPTIONS": {"pool": True} if _has_pool else {},
    }
}
