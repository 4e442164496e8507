"""Unmodified Django, with its cache on Redis."""

import os

from tests.conformance.settings.stock import *  # noqa: F403

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        # Some tests empty the database of the server, so each run has its own.
        "LOCATION": os.environ["CONFORMANCE_REDIS"] + "/1",
        # On a busy machine the server answers later than in a network.
        "OPTIONS": {"socket_timeout": 60.0},
    }
}
