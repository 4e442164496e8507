"""Django's engine with Django's pool."""

from tests.conformance.settings.postgresql import databases
from tests.conformance.settings.stock import *  # noqa: F403

DATABASES = databases("django.db.backends.postgresql", pool=True)
