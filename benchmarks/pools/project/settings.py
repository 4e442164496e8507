"""The settings of every contender; only the entry of DATABASES differs, and the library's call of configure()."""

import os
from urllib.parse import unquote, urlsplit

from benchmarks.pools.project.entries import entry

_CONTENDER = os.environ["BENCH_POOL"]
_PLACE = urlsplit(os.environ["BENCH_DATABASE_URL"])

SECRET_KEY = os.environ["BENCH_SECRET_KEY"]
# The port is on the loopback interface only.
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS: list[str] = []
ROOT_URLCONF = "benchmarks.pools.project.urls"
USE_TZ = True
DATABASES = {
    "default": {
        **entry(_CONTENDER, max_size=int(os.environ["BENCH_POOL_SIZE"])),
        "HOST": _PLACE.hostname,
        "PORT": _PLACE.port,
        "NAME": unquote(_PLACE.path[1:]),
        "USER": _PLACE.username,
        "PASSWORD": unquote(_PLACE.password or ""),
    }
}
if _CONTENDER == "library":
    from django_runtimes import configure

    configure(globals())
