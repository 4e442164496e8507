"""PyMySQL's errors of a refused login."""

from pymysql.err import Error

from django_runtimes.databases.mysql.error_numbers import LOGIN_REFUSED, number_of
from django_runtimes.databases.sockets.login_attempt import FailedLogins


def _may_be_refused(error: Error) -> bool:
    return number_of(error) in LOGIN_REFUSED


def _without_login(error: Error) -> Error:
    """Return the error without the original exception, whose frames hold the password."""
    return type(error)(*error.args)


FAILED_LOGINS = FailedLogins(Error, _may_be_refused, _without_login)
