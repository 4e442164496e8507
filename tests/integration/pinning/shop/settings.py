"""The settings of a project that does not use this library, with the database of DATABASE_URL."""

import os
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

_address = conninfo_to_dict(os.environ["DATABASE_URL"])

SECRET_KEY = "only-for-the-tests"
ROOT_URLCONF = "pages"
ALLOWED_HOSTS = ["testserver"]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
FIXTURE_DIRS = [Path(__file__).parent]
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": _address["host"],
        "PORT": _address["port"],
        "USER": _address["user"],
        "PASSWORD": _address["password"],
        "NAME": _address["dbname"],
        # Django sets a time zone other than the server's on every new connection.
        "TIME_ZONE": os.environ.get("SHOP_TIME_ZONE", "UTC"),
    }
}
