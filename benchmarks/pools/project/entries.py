"""The contenders' entries of DATABASES, without the address."""

from collections.abc import Mapping
from typing import Any

# Longer than any wait of the measurement for a connection that will come.
_TIMEOUT_S = 10
_STOCK = "django.db.backends.postgresql"


def entry(name: str, *, max_size: int) -> Mapping[str, Any]:
    """Return a contender's entry, with at most `max_size` connections of this process where a pool has a limit."""
    entries: Mapping[str, Mapping[str, Any]] = {
        "no-pool": {"ENGINE": _STOCK},
        "django": {
            "ENGINE": _STOCK,
            "OPTIONS": {"pool": {"min_size": 0, "max_size": max_size, "timeout": _TIMEOUT_S}},
        },
        # configure() replaces the engine, and its variables set the pool.
        "library": {"ENGINE": _STOCK},
        # Prepared statements and named cursors belong to one session.
        "pgbouncer": {
            "ENGINE": _STOCK,
            "DISABLE_SERVER_SIDE_CURSORS": True,
            "OPTIONS": {"prepare_threshold": None},
        },
        "geventpool": {
            "ENGINE": "django_db_geventpool.backends.postgresql_psycopg3",
            "OPTIONS": {"MAX_CONNS": max_size, "REUSE_CONNS": max_size},
        },
        "connection-pool": {
            "ENGINE": "dj_db_conn_pool.backends.postgresql",
            "POOL_OPTIONS": {"POOL_SIZE": max_size, "MAX_OVERFLOW": 0, "TIMEOUT": _TIMEOUT_S},
        },
        "psycopg2": {"ENGINE": "benchmarks.pools.project.psycopg2_pool", "OPTIONS": {"max_size": max_size}},
    }
    return entries[name]
