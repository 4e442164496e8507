"""Judges errors of SQL Server by their number, or by the SQLSTATE of those that the driver raises itself."""

import re

import pyodbc

from django_runtimes.databases.interface.database_failure import DatabaseFailure
from django_runtimes.databases.sockets.login_attempt import FailedLogins

_LOGIN_REFUSED = frozenset(
    {
        4060,  # the database does not exist, or the user may not open it
        4064,  # the same for the user's default database
        18452,  # the login is of an untrusted domain
        18456,  # wrong password or unknown user
        18470,  # the account is disabled
        18486,  # the account is locked
        18487,  # the password has expired
        18488,  # the password must be changed first
    }
)
_READ_ONLY = 3906
_UNAVAILABLE = frozenset(
    {
        *_LOGIN_REFUSED,
        _READ_ONLY,  # read-only, as a secondary replica is
        233,  # the server closed the connection during the login
        596,  # the session was killed
        976,  # the replica does not accept connections
        978,
        979,
        983,
        6005,  # shutdown
        17142,  # the server is paused
        17809,  # too many connections
        18401,  # the server is starting
    }
)
# Of the classes of the standard: connections that cannot be opened or were lost, and HYT01, their timeout.
_UNAVAILABLE_STATES = frozenset({"08001", "08003", "08004", "08007", "08S01", "HYT01"})
_BUSY = frozenset(
    {
        1205,  # deadlock, in which the server has rolled the transaction back
        1222,  # a lock was not available in time
        3960,  # the snapshot conflicts with another transaction
        3961,
        41302,  # the same for tables in memory
        41305,
        41325,
    }
)
_TIMEOUT_STATE = "HYT00"
# The driver appends the number and its own function, such as SQLEndTran(SQL_COMMIT), to the first message, and only the
# number to those that follow. Messages quote values, which may look the same.
_NUMBER = r"\((-?\d+)\) \((SQL\w+(?:\(\w+\))?)\)"
_AT_END = re.compile(rf"{_NUMBER}\Z")
_BEFORE_NEXT = re.compile(rf"{_NUMBER}(?=; \[[0-9A-Z]{{5}}\] )")
_CONNECTING = "SQLDriverConnect"


def number_of(error: BaseException | None) -> int | None:
    """Return the server's number of an error; None for an error without one, and where a value imitates another one."""
    return _number_and_function(error)[0]


def failure_by_number(error: pyodbc.Error) -> DatabaseFailure | None:
    """Return the failure that matches the error, or None for any other error."""
    number, state = number_of(error), _state_of(error)
    if number in _UNAVAILABLE or state in _UNAVAILABLE_STATES:
        return DatabaseFailure.UNAVAILABLE
    if number in _BUSY:
        return DatabaseFailure.BUSY
    if state != _TIMEOUT_STATE:
        return None
    # The same SQLSTATE ends a login and a statement that took too long.
    return DatabaseFailure.UNAVAILABLE if _is_of_login(error) else DatabaseFailure.TIMEOUT


def described_by_number(error: pyodbc.Error) -> str:
    """Return the error's class with its SQLSTATE and number; the message of a failed connection has no values."""
    if _is_of_login(error):
        return f"{type(error).__name__}: {' '.join(_message_of(error).split())}"
    return f"{type(error).__name__}, SQLSTATE {_state_of(error)}, error {number_of(error)}"


def is_of_read_only_database(error: BaseException | None) -> bool:
    """Return whether a statement failed because the database is read-only."""
    return number_of(error) == _READ_ONLY


def _number_and_function(error: BaseException | None) -> tuple[int | None, str]:
    message = _message_of(error) if isinstance(error, pyodbc.Error) else ""
    if only := _AT_END.search(message):
        return int(only[1]), only[2]
    found = {(int(number), function) for number, function in _BEFORE_NEXT.findall(message)}
    return found.pop() if len(found) == 1 else (None, "")


def _is_of_login(error: BaseException) -> bool:
    return _number_and_function(error)[1] == _CONNECTING


def _state_of(error: BaseException) -> str:
    return str(error.args[0]) if error.args else ""


def _message_of(error: BaseException | None) -> str:
    return str(error.args[1]) if error is not None and len(error.args) > 1 else ""


def _may_be_refused(error: pyodbc.Error) -> bool:
    return number_of(error) in _LOGIN_REFUSED


def _without_login(error: pyodbc.Error) -> pyodbc.Error:
    """Return the error without the original exception, whose frames hold the password."""
    return type(error)(*error.args)


FAILED_LOGINS = FailedLogins(pyodbc.Error, _may_be_refused, _without_login)
