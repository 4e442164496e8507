"""This project's engine for MySQL."""

from tests.conformance.settings.mysql import mysql_databases
from tests.conformance.settings.stock import *  # noqa: F403

DATABASES = mysql_databases("django_runtimes.databases.mysql")
