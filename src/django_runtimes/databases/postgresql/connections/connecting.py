"""psycopg's errors of a refused login, and its connections that belong to a parent process."""

from contextlib import suppress

import psycopg

from django_runtimes.databases.sockets.inherited_socket import silence
from django_runtimes.databases.sockets.login_attempt import FailedLogins


def leave_to_parent(connection: psycopg.Connection) -> None:
    """In a child process, close the parent's connection without sending anything to the server."""
    with suppress(psycopg.Error, OSError):
        # libpq's Terminate message would end the parent's session.
        silence(connection.pgconn.socket)
        if (session := getattr(connection, "session", None)) is not None:
            session.owner = None
        connection.close()


def _asked_for_password(error: psycopg.Error) -> bool:
    # libpq reports no SQLSTATE for a failed attempt, and the messages of servers and proxies differ and are translated.
    # `used_password`, which works with every server, tells whether the server asked for a password.
    return error.pgconn is not None and error.pgconn.used_password


def _without_login(error: psycopg.Error) -> psycopg.Error:
    """Return the error without its `pgconn`, which holds the password."""
    if error.pgconn is None:
        return error.with_traceback(None)
    return type(error)(str(error))


FAILED_LOGINS = FailedLogins(psycopg.Error, _asked_for_password, _without_login)
