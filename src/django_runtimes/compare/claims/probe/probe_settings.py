"""Settings for the library's handlers and engine; WEBAPP_RUNTIME, the strategy and the route choose the rest."""

from django_runtimes import configure
from django_runtimes.compare.claims.probe.stock_settings import *  # noqa: F403

STATIC_URL = "/static/"

configure(globals())
