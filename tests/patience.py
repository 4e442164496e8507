"""Lets tests wait for servers that stand still for seconds, as a busy machine lets them."""

from typing import Any

import psycopg
import pytest

from django_runtimes.aws import container_role, https_pool
from django_runtimes.compare.services.pgbouncer import PgBouncer

_PATIENCE_S = 60


def wait_for_connections(database: dict[str, Any]) -> None:
    """Let an entry of DATABASES wait for a connection, and for one of its pool, for a minute instead of 5 s."""
    database["OPTIONS"]["connect_timeout"] = _PATIENCE_S
    if "pool" in database["OPTIONS"]:
        database["OPTIONS"]["pool"] = {**database["OPTIONS"]["pool"], "timeout": _PATIENCE_S}


def wait_for_server(proxy: PgBouncer) -> None:
    """Let the clients of PgBouncer wait for a connection for a minute; in a comparison they wait for 5 s."""
    with psycopg.connect(proxy.console_url, autocommit=True) as console:
        # The console understands only the simple protocol.
        psycopg.ClientCursor(console).execute(f"SET query_wait_timeout = {_PATIENCE_S}")


def wait_for_aws(patch: pytest.MonkeyPatch) -> None:
    """Let the clients of AWS's services wait for an answer for a minute instead of 2 s."""
    patch.setattr(https_pool, "_CONNECT_TIMEOUT_S", float(_PATIENCE_S))
    patch.setattr(https_pool, "_READ_TIMEOUT_S", float(_PATIENCE_S))
    patch.setattr(container_role, "_PATIENCE", container_role._PATIENCE._replace(read_s=float(_PATIENCE_S)))
