"""Opens connections without exposing their credentials, and drops a parent process's connections after a fork."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from django_runtimes.config.secret import Secret
from django_runtimes.databases.credentials.connection_login import ConnectionLogin
from django_runtimes.databases.credentials.provider import Provider

Made = TypeVar("Made", bound="psycopg.Connection[Any]")
Parameters = Mapping[str, Any]


def connect(
    make: Callable[[Parameters], Made],
    parameters: Callable[[], Parameters],
    provider: Provider | None,
) -> Made:
    """Return `make(parameters())`; retry once with fresh parameters if the server refused credentials that may change.

    Raise psycopg's error without the credentials.
    """
    used = parameters()
    try:
        return make(used)
    except psycopg.Error as error:
        failure = _without_login(error)
        may_be_refused = _asked_for_password(error)
    # libpq reports no SQLSTATE for a failed attempt, and the messages of servers and proxies differ and are translated.
    # `used_password`, which works with every server, tells whether the server asked for a password.
    if may_be_refused and provider is not None and provider.forget(_login_of(used)):
        try:
            return make(parameters())
        except psycopg.Error as error:
            failure = _without_login(error)
    # The error is raised outside the handlers to leave out psycopg's frames, which hold the whole connection string.
    raise failure


def leave_to_parent(connection: psycopg.Connection) -> None:
    """In a child process, close the parent's connection without sending anything to the server."""
    with suppress(psycopg.Error, OSError):
        # libpq's Terminate message would end the parent's session; send it to the null device.
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
    """Return the error without its `pgconn`, which holds the password."""
    if error.pgconn is None:
        return error.with_traceback(None)
    return type(error)(str(error))
