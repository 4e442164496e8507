"""Makes a connection with the login of the moment, which it shows to nobody, and leaves one to the parent process."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from django_runtimes.config.secret import Secret
from django_runtimes.databases.credentials.provider import ConnectionLogin, Provider

Made = TypeVar("Made", bound="psycopg.Connection[Any]")
Parameters = Mapping[str, Any]


def connect(
    make: Callable[[Parameters], Made],
    parameters: Callable[[], Parameters],
    provider: Provider | None,
) -> Made:
    """What `make` makes of `parameters`; once more with fresh ones when the server refused a login that may change."""
    used = parameters()
    try:
        return make(used)
    except psycopg.Error as error:
        failure = _without_login(error)
        may_be_refused = _asked_for_password(error)
    # libpq tells no SQLSTATE of a failed attempt, the texts of servers and proxies differ and get translated.
    # That a password was asked for and no connection came of it can be told from them all.
    if may_be_refused and provider is not None and provider.forget(_login_of(used)):
        try:
            return make(parameters())
        except psycopg.Error as error:
            failure = _without_login(error)
    # Outside the handlers: psycopg's frames, which hold the whole connection string, stay behind.
    raise failure


def leave_to_parent(connection: psycopg.Connection) -> None:
    """In a child process: close a connection here and not a word of it to the server, which serves the parent."""
    with suppress(psycopg.Error, OSError):
        # libpq's farewell would end the parent's session; here it goes nowhere.
        with Path(os.devnull).open("r+b", buffering=0) as nothing:
            os.dup2(nothing.fileno(), connection.pgconn.socket)
        if (session := getattr(connection, "session", None)) is not None:
            session.owner = None
        connection.close()


def _login_of(parameters: Parameters) -> ConnectionLogin:
    return ConnectionLogin(parameters.get("user", ""), Secret(parameters.get("password", "")))


def _asked_for_password(error: psycopg.Error) -> bool:
    return error.pgconn is not None and error.pgconn.used_password


def _without_login(error: psycopg.Error) -> psycopg.Error:
    """The same error without its `pgconn`, which keeps the password."""
    if error.pgconn is None:
        return error.with_traceback(None)
    return type(error)(str(error))
