"""Opens connections with logins that may change, without exposing them."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from django_runtimes.config.secret import Secret
from django_runtimes.databases.credentials.connection_login import ConnectionLogin
from django_runtimes.databases.credentials.provider import Provider

Made = TypeVar("Made")
Parameters = dict[str, Any]


class FailedLogins(NamedTuple):
    """How a driver reports a failed attempt.

    `error_class` is the class of its exceptions, `may_be_refused` tells whether the server may have refused the login,
    and `without_login` returns an exception without the login and without the frames that hold it.
    """

    error_class: type[Exception]
    may_be_refused: Callable[[Any], bool]
    without_login: Callable[[Any], Exception]


def open_connection(
    make: Callable[[Parameters], Made],
    parameters: Callable[[], Parameters],
    provider: Provider | None,
    failed_logins: FailedLogins,
) -> Made:
    """Return `make(parameters())`; retry once with fresh parameters if the server refused credentials that may change.

    Raise the driver's error without the credentials.
    """
    used = parameters()
    try:
        return make(used)
    except failed_logins.error_class as error:
        failure = failed_logins.without_login(error)
        may_be_refused = failed_logins.may_be_refused(error)
    if may_be_refused and provider is not None and provider.forget(_login_of(used)):
        try:
            return make(parameters())
        except failed_logins.error_class as error:
            failure = failed_logins.without_login(error)
    # The error is raised outside the handlers to leave out the driver's frames, which hold the whole address.
    raise failure


def _login_of(parameters: Parameters) -> ConnectionLogin:
    return ConnectionLogin(parameters.get("user", ""), Secret(parameters.get("password", "")))
