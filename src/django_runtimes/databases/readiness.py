"""Checks the database and its pools, and closes their connections when the process ends."""

from django.db import DEFAULT_DB_ALIAS, connections

from django_runtimes.databases.postgresql.session.state import CompiledSQL
from django_runtimes.databases.sockets.fork import pools

# Django's engine for a default database that the settings leave out.
_NO_ENGINE = "django.db.backends.dummy"


class PoolEmptyError(Exception):
    """All connections of a pool have been in use for so long that none is expected back."""


def check_pools(*, longest_empty_s: float) -> None:
    """Raise PoolEmptyError if a pool has lent all connections and got none back for longer than `longest_empty_s`.

    This does not apply to an unreachable database, whose pool has no connections to lend.
    """
    for alias, pool in list(pools.items()):
        if pool.empty_for_s > longest_empty_s:
            pool.reclaim_unused()
        empty_for_s = pool.empty_for_s
        if empty_for_s > longest_empty_s:
            raise PoolEmptyError(
                f"all {pool.max_size} connections of the pool {alias!r} have been in use for {empty_for_s:.0f} s, and "
                f"WEBAPP_DB_POOL_EMPTY_S allows {longest_empty_s:.0f}; look for threads that keep a connection"
            )


def check_database() -> None:
    """Make one round trip on a connection of this thread and give it back; raise Django's database errors.

    Do nothing for a project without a database.
    """
    if connections.settings[DEFAULT_DB_ALIAS]["ENGINE"] == _NO_ENGINE:
        return
    connection = connections[DEFAULT_DB_ALIAS]
    try:
        with connection.cursor() as cursor:
            # The statement is marked as compiled, because it leaves no session state and needs no reset.
            cursor.execute(CompiledSQL("SELECT 1"))
    finally:
        connection.close()


def close_database() -> None:
    """Close this thread's connections and the process's pools, so that the server frees them at once."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
