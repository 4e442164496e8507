"""Whether the database answers, whether its pools can recover, and how to let go of it."""

from django.db import DEFAULT_DB_ALIAS, connections

from django_runtimes.databases.postgresql.connections.fork import pools
from django_runtimes.databases.postgresql.session.state import CompiledSQL

# Django's, for a default database that the settings leave out.
_NO_ENGINE = "django.db.backends.dummy"


class PoolEmptyError(Exception):
    """Every connection of a pool has been out for so long that nobody is going to bring one back."""


def check_pools(*, longest_empty_s: float) -> None:
    """PoolEmptyError when a pool has lent all its connections and none has moved for longer than that.

    A database that is away is no reason: there a pool has no connection to lend.
    """
    for alias, pool in list(pools.items()):
        if pool.empty_for_s > longest_empty_s:
            pool.call_back()
        empty_for_s = pool.empty_for_s
        if empty_for_s > longest_empty_s:
            raise PoolEmptyError(
                f"all {pool.max_size} connections of the pool {alias!r} have been in use for {empty_for_s:.0f} s, and "
                f"WEBAPP_DB_POOL_EMPTY_S allows {longest_empty_s:.0f}; look for threads that keep a connection"
            )


def check_database() -> None:
    """One round trip on a connection of this thread, given back afterwards; raises what Django raises.

    A project without a database has nothing to wait for.
    """
    if connections.settings[DEFAULT_DB_ALIAS]["ENGINE"] == _NO_ENGINE:
        return
    connection = connections[DEFAULT_DB_ALIAS]
    try:
        with connection.cursor() as cursor:
            # It leaves no session state, and so needs no reset afterwards.
            cursor.execute(CompiledSQL("SELECT 1"))
    finally:
        connection.close()


def close_database() -> None:
    """Close this thread's connections and the process's pools, so that the server sees them end at once."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
