"""This project's engine with its pool."""

from tests.conformance.settings.postgresql import databases
from tests.conformance.settings.stock import *  # noqa: F403

DATABASES = databases("django_runtimes.databases.postgresql", pool=True)
