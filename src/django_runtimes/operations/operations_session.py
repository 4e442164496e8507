"""The session of a command that runs as an operation."""

import psycopg
from django.core.management.base import CommandError
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper


def open_session(connection: BaseDatabaseWrapper) -> psycopg.Connection:
    """The session of `connection`, opened if need be; CommandError, with the reason on one line, when it cannot be."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise CommandError(
            f"the database does not answer: {' '.join(str(error).split())}; "
            "`webapp doctor database` says what may mend it"
        ) from None
    session: psycopg.Connection = connection.connection
    return session
