"""PostgreSQL in a comparison."""

from contextlib import AbstractContextManager
from typing import cast

import psycopg

from django_runtimes.cli.project.settings_check import LoadedSettings
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.engines.compared_engine import ComparedEngine, ConnectionCounter, DatabaseServer
from django_runtimes.compare.engines.postgresql_counter import PostgresqlCounter
from django_runtimes.compare.services.database_creation import create_database, drop_database
from django_runtimes.compare.services.named_objects import create_named_objects
from django_runtimes.compare.services.postgres import NO_TLS, EmbeddedPostgres, PostgresServer, postgres_server
from django_runtimes.config.database_url.url import parse_database_url


class PostgresqlCompared(ComparedEngine):
    """PostgreSQL: an embedded server, or the user's."""

    product = "PostgreSQL"
    record_key = "postgresql"
    counts_pins = True

    def open_server(self, database_url: str | None) -> AbstractContextManager[DatabaseServer]:
        """Return the embedded server, or the one at the URL."""
        return postgres_server(database_url)

    def create_database(self, server: DatabaseServer, name: str, *, template: str | None = None) -> None:
        """Create a database by PostgreSQL's own templates."""
        create_database(cast(PostgresServer, server), name, template=template)

    def drop_database(self, server: DatabaseServer, name: str) -> None:
        """Drop a database and disconnect its clients."""
        drop_database(cast(PostgresServer, server), name)

    def prepare(self, server: DatabaseServer, database: str, settings: LoadedSettings) -> list[str]:
        """Create schemas and roles that OPTIONS name, in the embedded server only."""
        if not isinstance(server, EmbeddedPostgres):
            return []
        return create_named_objects(server, database, settings, parse_database_url(server.url(database)))

    def found_keys(self, database_url: str, keys_sql: str) -> list[str]:
        """Return the key of every row that the workload wrote; raise CompareError when its SQL fails."""
        try:
            with psycopg.connect(database_url, connect_timeout=30) as connection:
                cursor = connection.execute(keys_sql.encode())
                if cursor.description is None or len(cursor.description) != 1:
                    raise CompareError(f"the workload's keys_sql={keys_sql!r} must return one column, the rows' keys")
                return [str(row[0]) for row in cursor.fetchall()]
        except psycopg.Error as error:
            # The first line has the message; the others point at the place in the SQL.
            cause = str(error).splitlines()[0]
            raise CompareError(
                f"the workload's keys_sql={keys_sql!r} failed: {cause}; fix it in the workload"
            ) from error

    def counter(self, server: DatabaseServer) -> ConnectionCounter:
        """Return what reads PostgreSQL's statistics."""
        return PostgresqlCounter(server.administration_url)

    def tls(self, server: DatabaseServer) -> str | None:
        """Return the mode of the embedded server."""
        if not isinstance(server, EmbeddedPostgres):
            return None
        return (
            f"none between target and database, with sslmode={NO_TLS} instead of the mode in the project's settings; "
            "none in front"
        )


POSTGRESQL_COMPARED = PostgresqlCompared()
