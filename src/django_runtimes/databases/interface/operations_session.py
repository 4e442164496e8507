"""Opens the session of a command that runs as an operation."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.core.management.base import CommandError
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from django_runtimes.databases.interface.engine_registry import engine_of
from django_runtimes.databases.interface.role_administration import RoleAdministration


def open_session(connection: BaseDatabaseWrapper) -> Any:
    """Return the session of `connection`, opening it if necessary.

    Raises CommandError, with the reason on one line, when the database does not answer.
    """
    with answering():
        connection.ensure_connection()
    return connection.connection


@contextmanager
def answering() -> Iterator[None]:
    """Raise CommandError, with the reason on one line, when the database does not answer the statements inside."""
    try:
        yield
    except OperationalError as error:
        raise CommandError(
            f"the database does not answer: {' '.join(str(error).split())}; `webapp doctor database` suggests remedies"
        ) from None


@contextmanager
def open_lock_session(connection: BaseDatabaseWrapper) -> Iterator[Any]:
    """Yield a session of its own, with the login and the database of `connection`; raise as `open_session` does."""
    # A copy is not registered, so `close_old_connections` in a migration does not close it.
    own = connection.copy(alias="migration_lock")
    try:
        # The copy is registered while it connects, since receivers such as django.contrib.postgres's look up its alias.
        connections[own.alias] = own
        try:
            session = open_session(own)
        finally:
            del connections[own.alias]
        yield session
    finally:
        own.close()


def open_roles(connection: BaseDatabaseWrapper) -> tuple[RoleAdministration, type[Exception]]:
    """Return the roles of the connection's server, and the base class of the errors that their methods raise.

    Raises CommandError when the database does not answer, and, without connecting, for an engine whose roles the
    library does not change.
    """
    engine = engine_of(connection)
    if engine is None:
        raise CommandError(
            f"DATABASES[{connection.alias!r}] has the engine {connection.settings_dict['ENGINE']!r}, whose roles this "
            "command cannot change; create and change them with the server's own tools"
        )
    return engine.roles(partial(open_session, connection)), engine.error_class
