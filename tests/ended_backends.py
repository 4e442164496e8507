"""Waits for the end of backends, which outlive the connections of their clients for a moment."""

import time
from collections.abc import Sequence

import psycopg

# Far longer than a backend takes on a busy machine, so reaching it means a hang.
_LIMIT_S = 120.0
_CLIENTS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname = ANY(%s)"


def until_disconnected(url: str, databases: Sequence[str]) -> None:
    """Wait until no client is connected to the databases; `url` leads to another one of their server.

    A backend has reported its session by then.
    """
    deadline_s = time.monotonic() + _LIMIT_S
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute(_CLIENTS, [list(databases)]).fetchone() != (0,):
            assert time.monotonic() < deadline_s, "clients stay connected"
            time.sleep(0.02)
