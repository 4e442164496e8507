"""Hands a connection from one request to the next: given back once nothing needs it, its session reset."""

import threading
from _thread import get_ident
from typing import Any
from weakref import ref

import psycopg
from django.db import DatabaseError
from django.db.backends.signals import connection_created
from psycopg.pq import TransactionStatus

from django_runtimes.config.databases.connection_strategy import Route
from django_runtimes.databases.postgresql.connections.connection_source import ConnectionSourceMixin
from django_runtimes.databases.postgresql.session.connection import WatchedConnection
from django_runtimes.databases.postgresql.session.state import DISCARD_ALL, keeps_connections
from django_runtimes.serving.current_request import Request, current_request

_IDLE = TransactionStatus.IDLE
# In the place of the request of a connection that another thread takes away.
_TAKEN = Request()
_TAKEN.end()


class HandoverMixin(ConnectionSourceMixin):
    """Knows whether a thread still needs its connection, and lets no request find what another one left in a session.

    A thread that does not serve whole requests gives a pooled connection back after each query, unless a transaction,
    an open cursor or session state needs it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._request: Request | None = None
        super().__init__(*args, **kwargs)
        # How many methods are under way that need the connection, or its absence, to their end.
        self._busy = 0
        self._taking = threading.RLock()
        self._open_cursors: dict[int, ref[Any]] = {}

    @property
    def needs_thread(self) -> bool:
        """Whether the connection has to stay with this thread between two queries."""
        return self._needs_thread(self.connection)

    def _needs_thread(self, connection: WatchedConnection | None) -> bool:
        if self.in_atomic_block:
            # Also without a connection, which was closed inside: what comes next on this thread must fail.
            return True
        if connection is None:
            return False
        if not self.autocommit or self._open_cursors:
            return True
        if connection.closed:
            return False
        request = self._request
        # What a request has left in its session, nothing after its end may rely on.
        is_needed = connection.session.is_needed and (request is None or not request.is_over)
        # A statement may have begun a transaction too.
        return is_needed or connection.pgconn.transaction_status != _IDLE

    def release(self) -> None:
        """Between two queries: give a pooled connection back when nothing needs it, unless the thread keeps it."""
        if self._busy:
            return
        connection = self.connection
        if connection is None or connection._pool is None or keeps_connections():
            return
        # The thread that shares it may be one that keeps it.
        if not self.allow_thread_sharing and not self.needs_thread:
            self.close()

    def forget_session(self) -> None:
        """What statements have left in the session is not needed any more."""
        connection = self.connection
        if connection is not None:
            connection.session.is_needed = False
            self.release()

    def _reset_session(self) -> None:
        """Make a persistent connection as good as new, which includes what receivers of `connection_created` set."""
        connection = self.connection
        session = connection.session
        if not (self.autocommit and connection.autocommit):
            self.close()
            return
        try:
            session.restore(connection)
            statement = session.reset_statement()
            if statement == DISCARD_ALL and self._is_proxied:
                # A proxy ties a client that resets its session to one server connection.
                self.close()
                return
            if statement is None or self._is_proxied:
                return
            connection.execute(statement)
            if statement != DISCARD_ALL:
                session.clear()
                return
            self.init_connection_state()
            connection_created.send(sender=type(self), connection=self)
        except (psycopg.Error, DatabaseError):
            self.close()
        else:
            session.begin(connection)

    def _begin_request(self) -> None:
        if self.in_atomic_block or not self.autocommit or self.allow_thread_sharing:
            # It is looked at again by the first query after the transaction.
            return
        # The end of the request before may be taking the connection away.
        with self._taking:
            request, before = current_request.get(), self._request
            # It was not taken away; or code without a context asks, as that which manages this thread, for a request
            # that goes on.
            if request is before or (request is None and before is not None and not before.is_over):
                return
            self._request = request
            connection = self.connection
            # Threads that serve whole requests have their connection reset at a request's end.
            if connection is None or keeps_connections():
                return
            session = connection.session
            if not self._open_cursors or session.is_touched:
                if connection._pool is None:
                    self._reset_session()
                elif session.reset_statement() is not None:
                    self.close()
            if request is not None and self.connection is not None and self.connection._pool is not None:
                request.at_end(self._give_back_after)

    def _give_back_after(self, request: Request) -> None:
        """Take the pooled connection that a thread of an executor keeps for a request's session; from any thread.

        The thread may be at work for a later request, which has the connection then, or still for this one, which
        gives it back by itself.
        """
        with self._taking:
            connection = vars(self)["connection"]
            if connection is None or connection._pool is None or self._request is not request:
                return
            # From here on its thread waits for the lock before it uses the connection, unless it was at work before.
            self._request = _TAKEN
            if self._busy or self.allow_thread_sharing or self._needs_thread(connection):
                self._request = request
                return
            self.connection = None
            connection.session.owner = get_ident()
            connection._pool.putconn(connection)

    @property
    def _is_proxied(self) -> bool:
        return self.settings_dict.get("ROUTE") == Route.PROXY
