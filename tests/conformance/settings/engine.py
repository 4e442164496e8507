"""This project's engine without a pool."""

from tests.conformance.settings.postgresql import databases
from tests.conformance.settings.stock import *  # noqa: F403

DATABASES = databases("django_runtimes.databases.postgresql", pool=False)
