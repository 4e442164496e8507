"""Creates and drops the databases of targets."""

import psycopg
from psycopg import sql

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.services.postgres import PostgresServer

# A server on a busy machine may stand still for seconds.
_CONNECT_TIMEOUT_S = 30


def database_name(run_id: str, target_index: int) -> str:
    """Return the name of a target's database, which no other run uses."""
    return f"webapp_{run_id}_{target_index}"


def create_database(server: PostgresServer, name: str, *, template: str | None = None) -> None:
    """Create a database that the server's role owns, as a copy of `template` if given.

    Raise CompareError when the name exists or the template is in use.
    """
    statement = sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(server.role))
    if template is not None:
        statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
    _execute(server, statement, f"create the database {name!r}")


def drop_database(server: PostgresServer, name: str) -> None:
    """Drop a database if it exists, and disconnect its clients."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    _execute(server, statement, f"drop the database {name!r}")


def _execute(server: PostgresServer, statement: sql.Composed, purpose: str) -> None:
    try:
        with psycopg.connect(
            server.administration_url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S
        ) as connection:
            connection.execute(statement)
    except psycopg.Error as error:
        cause = " ".join(str(error).split())
        raise CompareError(
            f"cannot {purpose}: {cause}; check that the server still runs and nothing else uses that name"
        ) from error
