"""Runs tests in the only database of a cluster that was made for tests."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql.creation import DatabaseCreation

from django_runtimes.config.database_url.dsql_address import DSQL_DATABASE


class DsqlCreation(DatabaseCreation):
    """Django's creation of test databases, on a service that creates none.

    The tests use the database of the cluster, and their tables are dropped at the end.
    """

    def _get_test_db_name(self) -> str:
        name = self.connection.settings_dict["TEST"]["NAME"]
        if name != DSQL_DATABASE:
            raise ImproperlyConfigured(
                "Aurora DSQL has one database, so tests would run in it: set DATABASE_URL to a cluster for tests only, "
                f"and DATABASES[{self.connection.alias!r}]['TEST'] = {{'NAME': {DSQL_DATABASE!r}}}"
            )
        return DSQL_DATABASE

    def _execute_create_test_db(self, cursor: Any, parameters: dict[str, str], keepdb: bool = False) -> None:  # noqa: FBT001, FBT002  (Django's signature)
        """Create nothing: the database exists."""

    def _destroy_test_db(self, test_database_name: str, verbosity: int) -> None:
        with self.connection.cursor() as cursor:
            tables = self.connection.introspection.table_names(cursor)
            for table in tables:
                cursor.execute(f"DROP TABLE {self.connection.ops.quote_name(table)} CASCADE")
        self.connection.close_pool()
