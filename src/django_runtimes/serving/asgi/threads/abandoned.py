"""Ends what a request has left open in the database on its thread."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

logger = logging.getLogger(__name__)


class _Opened(threading.local):
    """What this thread has connected, by alias; to ask `connections` after every request costs ten times as much."""

    def __init__(self) -> None:
        self.wrappers: dict[str, BaseDatabaseWrapper] = {}
        self.forget: Callable[[Iterable[BaseDatabaseWrapper]], None] | None = None


_opened = _Opened()


def exchange_opened(wrappers: dict[str, BaseDatabaseWrapper]) -> dict[str, BaseDatabaseWrapper]:
    """Take these for what this thread has connected, in the place of those that it returns."""
    former, _opened.wrappers = _opened.wrappers, wrappers
    return former


def tell_of_dropped(forget: Callable[[Iterable[BaseDatabaseWrapper]], None]) -> None:
    """Call it with each of this thread's wrappers that gives way to a new one."""
    _opened.forget = forget


def has_open_transaction() -> bool:
    """Whether this thread is inside `atomic` on some database."""
    return any(map(_is_in_transaction, _opened.wrappers.values()))


def close_what_is_left() -> None:
    """Close this thread's connections as at a request's end, those in a transaction too.

    Receivers of `request_finished` may have asked the database after Django's had closed what was open. A view that
    was cancelled between entering and leaving `atomic` leaves a connection that refuses every later query.
    """
    for connection in list(_opened.wrappers.values()):
        if _is_in_transaction(connection):
            alias = connection.alias
            logger.warning("a request has left a transaction open on the database %r; it is rolled back", alias)
            del _opened.wrappers[alias]
            _close_and_discard(connection)
        elif connection.connection is not None:
            connection.close_if_unusable_or_obsolete()


@contextmanager
def closing_what_is_opened() -> Iterator[None]:
    """Close what the block connects on this thread, as it ends; what was connected before stays."""
    former = exchange_opened({})
    try:
        yield
    finally:
        for connection in exchange_opened(former).values():
            if _is_in_transaction(connection):
                alias = connection.alias
                logger.warning("middleware has left a transaction open on the database %r; it is rolled back", alias)
                _close_and_discard(connection)
            elif not connection.in_atomic_block:
                connection.close()


def _close_and_discard(connection: BaseDatabaseWrapper) -> None:
    connection.close()
    # It still holds the transaction's state: the thread's next request makes another wrapper.
    if connections[connection.alias] is connection:
        del connections[connection.alias]
    if _opened.forget is not None:
        _opened.forget([connection])


def _is_in_transaction(connection: BaseDatabaseWrapper) -> bool:
    # A test case of Django's has one around everything, requests too.
    if not connection.in_atomic_block:
        return False
    innermost: Any = connection.atomic_blocks[-1]
    return not innermost._from_testcase


def _note_opened(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    _opened.wrappers[connection.alias] = connection


connection_created.connect(_note_opened)
