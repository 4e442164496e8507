"""MariaDB in a comparison, for targets on the engine of MySQL."""

from contextlib import AbstractContextManager
from typing import cast

from django_runtimes.cli.project.settings_check import LoadedSettings
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.engines.compared_engine import ComparedEngine, ConnectionCounter, DatabaseServer
from django_runtimes.compare.engines.mariadb_counter import MariadbCounter
from django_runtimes.compare.engines.mariadb_databases import (
    ComparedMariadb,
    create_mariadb_database,
    drop_mariadb_database,
)
from django_runtimes.compare.engines.mariadb_session import connect_to, driver_error


class MariadbCompared(ComparedEngine):
    """MariaDB from the system's package."""

    product = "MariaDB"
    record_key = "mariadb"
    counts_pins = False

    def open_server(self, database_url: str | None) -> AbstractContextManager[DatabaseServer]:
        """Return a server that ends with the context."""
        if database_url is not None:
            raise UsageError(
                "--database-url cannot name the server of targets on mysql, whose databases have users of their own; "
                "leave it out, and a MariaDB is started"
            )
        return ComparedMariadb()

    def create_database(self, server: DatabaseServer, name: str, *, template: str | None = None) -> None:
        """Create a database with a user of its own."""
        create_mariadb_database(cast(ComparedMariadb, server), name, template=template)

    def drop_database(self, server: DatabaseServer, name: str) -> None:
        """Drop a database and its user."""
        drop_mariadb_database(cast(ComparedMariadb, server), name)

    def prepare(self, server: DatabaseServer, database: str, settings: LoadedSettings) -> list[str]:
        """Create nothing: MySQL has neither schemas in a database nor roles in OPTIONS."""
        return []

    def found_keys(self, database_url: str, keys_sql: str) -> list[str]:
        """Return the key of every row that the workload wrote; raise CompareError when its SQL fails."""
        try:
            with connect_to(database_url) as connection, connection.cursor() as cursor:
                cursor.execute(keys_sql)
                if cursor.description is None or len(cursor.description) != 1:
                    raise CompareError(f"the workload's keys_sql={keys_sql!r} must return one column, the rows' keys")
                return [str(row[0]) for row in cursor.fetchall()]
        except driver_error() as error:
            raise CompareError(
                f"the workload's keys_sql={keys_sql!r} failed: {error}; fix it in the workload"
            ) from error

    def counter(self, server: DatabaseServer) -> ConnectionCounter:
        """Return what reads MariaDB's process list and statistics."""
        return MariadbCounter(server.administration_url)

    def tls(self, server: DatabaseServer) -> str | None:
        """Return the mode of the server that the comparison starts."""
        return (
            "none between target and database, with sslmode=prefer instead of the mode in the project's settings; none "
            "in front"
        )


MARIADB_COMPARED = MariadbCompared()
