"""Closes the database connections that a request leaves open on its thread."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

logger = logging.getLogger(__name__)


class _Connected(threading.local):
    """This thread's connected wrappers by alias; reading `connections` after every request takes ten times as long."""

    def __init__(self) -> None:
        self.wrappers: dict[str, BaseDatabaseWrapper] = {}
        # Those that have connected since the last call of close_leftovers().
        self.unchecked: dict[str, BaseDatabaseWrapper] = {}
        self.on_discard: Callable[[Iterable[BaseDatabaseWrapper]], None] | None = None


_connected = _Connected()


def exchange_connected(wrappers: dict[str, BaseDatabaseWrapper]) -> dict[str, BaseDatabaseWrapper]:
    """Replace this thread's connected wrappers, and return the previous ones."""
    former, _connected.wrappers = _connected.wrappers, wrappers
    _connected.unchecked = dict(wrappers)
    return former


def call_on_discard(on_discard: Callable[[Iterable[BaseDatabaseWrapper]], None]) -> None:
    """Call `on_discard` with each of this thread's wrappers that is discarded for a new one."""
    _connected.on_discard = on_discard


def has_open_transaction() -> bool:
    """Return whether this thread is inside `atomic` on any database."""
    return any(map(_is_in_transaction, _connected.wrappers.values()))


def close_leftovers() -> None:
    """Close this thread's connections as Django does at a request's end, and also those in a transaction.

    A receiver of `request_finished` may reconnect after Django's own receiver has closed the connections. A view that
    is cancelled between entering and leaving `atomic` leaves a connection that rejects every later query. Connections
    from before the request are held on purpose, and Django checks them at the next request's start.
    """
    for connection in list(_connected.wrappers.values()):
        if _is_in_transaction(connection):
            alias = connection.alias
            logger.warning("a request has left a transaction open on the database %r; it is rolled back", alias)
            del _connected.wrappers[alias]
            _close_and_discard(connection)
    if _connected.unchecked:
        unchecked, _connected.unchecked = _connected.unchecked, {}
        for connection in unchecked.values():
            if connection.connection is not None:
                connection.close_if_unusable_or_obsolete()


def close_idle() -> None:
    """Between two parts of a stream, close this thread's connections that Django closes after each request.

    A connection stays if a transaction, a cursor or its session's state needs it, and if its engine cannot tell.
    """
    for connection in list(_connected.wrappers.values()):
        if connection.connection is not None and not getattr(connection, "needs_thread", True):
            connection.close_if_unusable_or_obsolete()


@contextmanager
def closing_new_connections() -> Iterator[None]:
    """At the end of the block, close the connections that it opened on this thread; earlier ones stay open."""
    former = exchange_connected({})
    try:
        yield
    finally:
        for connection in exchange_connected(former).values():
            if _is_in_transaction(connection):
                alias = connection.alias
                logger.warning("middleware has left a transaction open on the database %r; it is rolled back", alias)
                _close_and_discard(connection)
            elif not connection.in_atomic_block:
                connection.close()


def _close_and_discard(connection: BaseDatabaseWrapper) -> None:
    connection.close()
    # The wrapper still holds the transaction's state, so the thread's next request must create another.
    if connections[connection.alias] is connection:
        del connections[connection.alias]
    if _connected.on_discard is not None:
        _connected.on_discard([connection])


def _is_in_transaction(connection: BaseDatabaseWrapper) -> bool:
    # Django's TestCase wraps a transaction around the whole test, including its requests.
    if not connection.in_atomic_block:
        return False
    innermost: Any = connection.atomic_blocks[-1]
    return not innermost._from_testcase


def _note_connected(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    _connected.wrappers[connection.alias] = _connected.unchecked[connection.alias] = connection


connection_created.connect(_note_connected)
