"""Judges errors of MySQL and MariaDB by their number."""

from pymysql.err import Error, InterfaceError

from django_runtimes.databases.interface.database_failure import DatabaseFailure

LOGIN_REFUSED = frozenset(
    {
        1045,  # wrong password or unknown user
        1698,  # the same, for a user with another authentication method
        1820,  # the password must be changed first
        1862,  # the password has expired
        3118,  # the account is locked
        4151,  # the account is locked (MariaDB)
    }
)
_UNAVAILABLE = frozenset(
    {
        *LOGIN_REFUSED,
        1040,  # too many connections
        1053,  # the server shuts down
        1077,  # normal shutdown
        1079,  # shutdown complete
        1129,  # the host is blocked after many failed connections
        1152,  # the server aborted the connection
        1158,  # errors of packets, in both directions and with both timeouts
        1159,
        1160,
        1161,
        1184,  # the server aborted a new connection
        1203,  # max_user_connections
        1226,  # a limit of the user's account
        1836,  # read-only, as after a failover
        1927,  # MariaDB: the connection was killed
        2002,  # the client's own numbers: no socket, no server, unknown host, lost connection, no TLS
        2003,
        2005,
        2006,
        2012,
        2013,
        2026,
        2055,
        3159,  # the server requires TLS
        3169,  # MySQL: the session was killed
        4031,  # MySQL: the server closed an idle connection
        9501,  # RDS Proxy: no connection became free within its timeout
    }
)
_BUSY = frozenset(
    {
        1020,  # MariaDB: the row has changed since the transaction read it
        1205,  # a lock was not available in time, or at once with NOWAIT
        1213,  # deadlock, in which the server has rolled the transaction back
        1412,  # the table's definition has changed
        3572,  # MySQL: NOWAIT
    }
)
_TIMEOUT = frozenset(
    {
        1969,  # MariaDB: max_statement_time
        3024,  # MySQL: max_execution_time
    }
)
_READ_ONLY_MODE = 1836
# A server with --read-only or --super-read-only; the same number is used for other options.
_OPTION_PREVENTS_STATEMENT = 1290


def number_of(error: BaseException | None) -> int | None:
    """Return the number of a driver's error, or None for an error without one."""
    first = error.args[0] if isinstance(error, Error) and error.args else None
    return first if isinstance(first, int) else None


def failure_by_number(error: Error) -> DatabaseFailure | None:
    """Return the failure that matches the error, or None for any other error."""
    number = number_of(error)
    if number in _UNAVAILABLE or is_of_read_only_server(error) or _is_of_closed_connection(error, number):
        return DatabaseFailure.UNAVAILABLE
    if number in _BUSY:
        return DatabaseFailure.BUSY
    return DatabaseFailure.TIMEOUT if number in _TIMEOUT else None


def described_by_number(error: Error) -> str:
    """Return the error's class with its number; the message of a client's own error has no values, and is added."""
    name, number = type(error).__name__, number_of(error)
    if number is None or not 2000 <= number < 3000:
        return name if number is None else f"{name}, error {number}"
    message = str(error.args[1]).partition("\n")[0] if len(error.args) > 1 else ""
    return f"{name}, error {number}: {message}"


def is_of_read_only_server(error: BaseException | None) -> bool:
    """Return whether a statement failed because the server is read-only."""
    number = number_of(error)
    if number == _OPTION_PREVENTS_STATEMENT:
        return isinstance(error, Error) and "read-only" in str(error.args[1:])
    return number == _READ_ONLY_MODE


def _is_of_closed_connection(error: Error, number: int | None) -> bool:
    """Return whether a statement was sent on a connection that was lost before: PyMySQL's number is 0."""
    return isinstance(error, InterfaceError) and number == 0
