"""The project's settings with compressed responses, and with the views of these tests beside its own."""

from webapp.settings import *  # noqa: F403
from webapp.settings import MIDDLEWARE

MIDDLEWARE = ["django.middleware.gzip.GZipMiddleware", *MIDDLEWARE]
ROOT_URLCONF = "tests.image.equality.application.urls"
