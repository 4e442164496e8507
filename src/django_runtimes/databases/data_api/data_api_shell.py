"""Refuses `webapp dbshell`, since psql cannot speak to the Data API."""

from collections.abc import Iterable

from django.core.management.base import CommandError
from django.db.backends.base.client import BaseDatabaseClient


class DataApiShell(BaseDatabaseClient):
    """The client of `dbshell`."""

    executable_name = "psql"

    def runshell(self, parameters: Iterable[str]) -> None:
        """Raise CommandError."""
        raise CommandError(
            "psql cannot connect through the Data API; use the query editor of the RDS console, or "
            "`aws rds-data execute-statement`"
        )
