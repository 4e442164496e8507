"""Ends what a request has left open in the database on its thread."""

import logging

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger(__name__)


def has_open_transaction() -> bool:
    """Whether this thread is inside `atomic` on some database."""
    return any(map(_is_in_transaction, connections.all(initialized_only=True)))


def close_what_is_left() -> None:
    """Close this thread's connections as at a request's end, those in a transaction too.

    Receivers of `request_finished` may have asked the database after Django's had closed what was open. A view that
    was cancelled between entering and leaving `atomic` leaves a connection that refuses every later query.
    """
    for connection in connections.all(initialized_only=True):
        if _is_in_transaction(connection):
            alias = connection.alias
            logger.warning("a request has left a transaction open on the database %r; it is rolled back", alias)
            connection.close()
            # It still holds the transaction's state: the thread's next request makes another wrapper.
            del connections[alias]
        elif connection.connection is not None:
            connection.close_if_unusable_or_obsolete()


def _is_in_transaction(connection: BaseDatabaseWrapper) -> bool:
    # A test case of Django's has one around everything, requests too.
    return connection.in_atomic_block and not connection.atomic_blocks[-1]._from_testcase
