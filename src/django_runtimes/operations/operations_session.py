"""Opens the session of a command that runs as an operation."""

import psycopg
from django.core.management.base import CommandError
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper


def open_session(connection: BaseDatabaseWrapper) -> psycopg.Connection:
    """Return the session of `connection`, opening it if necessary.

    Raises CommandError, with the reason on one line, when the database does not answer.
    """
    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise CommandError(
            f"the database does not answer: {' '.join(str(error).split())}; `webapp doctor database` suggests remedies"
        ) from None
    session: psycopg.Connection = connection.connection
    return session
