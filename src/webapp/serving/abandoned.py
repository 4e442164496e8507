"""Ends what a request has left open in the database on its thread."""

import logging
from collections.abc import Collection

from django.db import close_old_connections, connections

logger = logging.getLogger(__name__)


def open_transactions() -> frozenset[str]:
    """The aliases of this thread's connections that are inside `atomic`."""
    return frozenset(
        connection.alias for connection in connections.all(initialized_only=True) if connection.in_atomic_block
    )


def close_what_is_left(*, kept: Collection[str] = ()) -> None:
    """Close this thread's connections as at a request's end, those in a transaction too, unless `kept` names them.

    Receivers of `request_finished` may have asked the database after Django's had closed what was open. A view that
    was cancelled between entering and leaving `atomic` leaves a connection that refuses every later query.
    """
    close_old_connections()
    for alias in open_transactions().difference(kept):
        logger.warning("a request has left a transaction open on the database %r; it is rolled back", alias)
        connections[alias].close()
        # Its state is that of the transaction: the thread's next request makes another one.
        del connections[alias]
