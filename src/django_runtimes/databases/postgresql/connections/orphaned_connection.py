"""Keeps a connection whose thread no longer needs it, for as long as a server-side cursor is open on it."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from weakref import ref

from django_runtimes.databases.postgresql.session.connection import WatchedConnection
from django_runtimes.databases.postgresql.session.cursors import alive, is_abandoned
from django_runtimes.databases.postgresql.session.state import NOBODY
from django_runtimes.serving.current_request import Request


class OrphanedConnection:
    """A connection that belongs to its open server-side cursors, which any thread may read.

    Once the cursors are closed, a connection without a pool is closed. A pooled connection is given back at the end of
    the request that opened a cursor, or when the pool is empty; then abandoned cursors count as closed. It is not given
    back when the last cursor closes: a garbage collector that closes a cursor may run on a thread that holds the pool's
    lock.
    """

    def __init__(self, connection: WatchedConnection, cursors: Sequence[Any]) -> None:
        """Take over `connection` from its wrapper."""
        self._connection: WatchedConnection | None = connection
        self._cursors = {id(cursor): ref(cursor, partial(self._forget, id(cursor))) for cursor in cursors}
        session = connection.session
        session.owner = NOBODY
        # The connection keeps this object alive, since no thread does.
        session.holder = lambda: self
        for cursor in cursors:
            # From now on, even the thread that opened the cursor is only a reader.
            cursor.thread_id = NOBODY
            cursor.on_close = partial(self._forget, id(cursor))
            if cursor.request is not None:
                cursor.request.at_end(self._give_back_after)
                if cursor.request.is_over:
                    self.release_unused()

    def release_unused(self) -> None:
        """Give the connection back, or close it, if all cursors are closed or abandoned; callable from any thread."""
        connection = self._connection
        if connection is None or not all(map(is_abandoned, alive(self._cursors))):
            return
        # psycopg holds its own lock while a cursor fetches rows.
        if not connection.lock.acquire(blocking=False):
            return
        try:
            if self._connection is None:
                return
            self._connection = None
            connection.session.take()
        finally:
            connection.lock.release()
        if connection._pool is None:
            connection.close()
        else:
            connection._pool.putconn(connection)

    def _forget(self, key: int, _: object) -> None:
        self._cursors.pop(key, None)
        if self._connection is not None and self._connection._pool is None:
            self.release_unused()

    def _give_back_after(self, _: Request) -> None:
        self.release_unused()
