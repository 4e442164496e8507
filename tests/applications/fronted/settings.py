"""A project that sets its base path and host header, which variables may contradict."""

import os

from django_runtimes import configure

SECRET_KEY = None
ALLOWED_HOSTS: list[str] = []
ROOT_URLCONF = "tests.applications.fronted.urls"
INSTALLED_APPS: list[str] = []
DATABASES: dict[str, dict[str, str]] = {}
FORCE_SCRIPT_NAME = os.environ.get("OWN_SCRIPT_NAME")
USE_X_FORWARDED_HOST = True

configure(globals())
