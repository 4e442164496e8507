"""Judges errors of Oracle by their code."""

import oracledb

from django_runtimes.databases.interface.database_failure import DatabaseFailure
from django_runtimes.databases.sockets.login_attempt import FailedLogins

_LOGIN_REFUSED = frozenset(
    {
        "ORA-01005",  # no password
        "ORA-01017",  # wrong password or unknown user
        "ORA-01045",  # the user may not create sessions
        "ORA-28000",  # the account is locked
        "ORA-28001",  # the password has expired
    }
)
# The driver's own codes, of the network and of a closed connection.
_DRIVER_UNAVAILABLE = frozenset(
    {
        "DPY-1001",  # not connected
        "DPY-4011",  # the database or the network closed the connection
        "DPY-6000",  # the listener refused the connection
        "DPY-6001",  # the listener does not know the service
        "DPY-6002",  # the certificate does not match the name
        "DPY-6003",  # the listener does not know the SID
        "DPY-6005",  # no connection: closed port, TLS, lost during the login
        "DPY-6006",  # the name of the server does not match its certificate
    }
)
_READ_ONLY = "ORA-16000"
_UNAVAILABLE = frozenset(
    {
        *_LOGIN_REFUSED,
        *_DRIVER_UNAVAILABLE,
        _READ_ONLY,  # read-only, as a standby is
        "ORA-00018",  # too many sessions
        "ORA-00020",  # too many processes
        "ORA-00028",  # the session was killed
        "ORA-01012",  # not logged on
        "ORA-01033",  # starts or shuts down
        "ORA-01034",  # not available
        "ORA-01089",  # immediate shutdown
        "ORA-01090",  # shutdown, no new connections
        "ORA-01092",  # the instance was terminated
        "ORA-02391",  # SESSIONS_PER_USER
        "ORA-02396",  # IDLE_TIME
        "ORA-02399",  # CONNECT_TIME
        "ORA-03113",  # end of file on the connection
        "ORA-03114",  # not connected
        "ORA-03135",  # the connection was lost
        "ORA-12514",  # the listener's errors: unknown service, no handler, no process
        "ORA-12516",
        "ORA-12518",
        "ORA-12519",
        "ORA-12520",
        "ORA-12521",
        "ORA-12528",
        "ORA-12537",  # the network's errors
        "ORA-12541",
        "ORA-12543",
        "ORA-12545",
        "ORA-12547",
        "ORA-12560",
        "ORA-12571",
        "ORA-25408",  # a failover lost the call
    }
)
_BUSY = frozenset(
    {
        "ORA-00051",  # a resource was not available in time
        "ORA-00054",  # a lock was not available, with NOWAIT or a limit
        "ORA-00060",  # deadlock, in which the server has rolled a statement back
        "ORA-04020",  # the same for the definition of an object
        "ORA-04021",
        "ORA-08177",  # the serializable transaction conflicts with another one
        "ORA-30006",  # WAIT has expired
    }
)
_TIMEOUT = frozenset(
    {
        "DPY-4024",  # call_timeout, from OPTIONS["statement_timeout"]
        "ORA-00040",  # the resource manager's limits
        "ORA-56735",
    }
)


class UnresolvedHostError(oracledb.OperationalError):
    """The host's name or the network failed before the driver reports errors of its own."""


def code_of(error: BaseException | None) -> str | None:
    """Return the code of a driver's error, such as "ORA-01017" or "DPY-6005", or None for an error without one."""
    first = error.args[0] if isinstance(error, oracledb.Error) and error.args else None
    return getattr(first, "full_code", None) or None


def failure_by_code(error: oracledb.Error) -> DatabaseFailure | None:
    """Return the failure that matches the error, or None for any other error."""
    code = code_of(error)
    if code in _UNAVAILABLE or isinstance(error, UnresolvedHostError):
        return DatabaseFailure.UNAVAILABLE
    if code in _BUSY:
        return DatabaseFailure.BUSY
    return DatabaseFailure.TIMEOUT if code in _TIMEOUT else None


def described_by_code(error: oracledb.Error) -> str:
    """Return the error's class with its code; the message of an unreachable server has no values, and is added."""
    name, code = type(error).__name__, code_of(error)
    if code in _DRIVER_UNAVAILABLE or isinstance(error, UnresolvedHostError):
        return f"{name}: {' '.join(str(error).split())}"
    return name if code is None else f"{name}, {code}"


def is_of_read_only_database(error: BaseException | None) -> bool:
    """Return whether a statement failed because the database is open for reading only."""
    return code_of(error) == _READ_ONLY


def _may_be_refused(error: oracledb.Error) -> bool:
    return code_of(error) in _LOGIN_REFUSED


def _without_login(error: oracledb.Error) -> oracledb.Error:
    """Return the error without the original exception, whose frames hold the password."""
    return type(error)(*error.args)


FAILED_LOGINS = FailedLogins(oracledb.Error, _may_be_refused, _without_login)
