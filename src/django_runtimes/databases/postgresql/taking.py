"""Takes a connection away from the thread that has it: at a request's end, or for a pool that is empty."""

import logging
import threading
from _thread import get_ident
from collections.abc import Callable
from time import monotonic
from typing import Any
from weakref import ref

from psycopg.pq import TransactionStatus

from django_runtimes.databases.postgresql.at_work import AtWork
from django_runtimes.databases.postgresql.connections.connection_source import ConnectionSourceMixin
from django_runtimes.databases.postgresql.connections.job import Job, is_over
from django_runtimes.databases.postgresql.session.connection import WatchedConnection
from django_runtimes.serving.current_request import Request

logger = logging.getLogger(__name__)

IDLE = TransactionStatus.IDLE
# In the place of the request of a connection that another thread takes away.
TAKEN = Request()
TAKEN.end()
# In the place of the request of a connection whose every use has to look for the job that the thread is at work for:
# on a thread that knows no request, and for a job whose end is not announced on its thread.
LOOKED_UP = Request()
# For a thread whose request is over: longer than a pause in the work of one that goes on.
LONGEST_REST_S = 30.0


class TakingMixin(ConnectionSourceMixin):
    """Knows what a thread still needs its connection for, so that another thread may take away what it does not.

    Any thread may do so, the event loop's too: none waits for the server, and no statement runs under the lock.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._request: Request | None = None
        # While `_request` is LOOKED_UP.
        self._looked_up_request: Request | None = None
        self._job: Job | None = None
        # Whether the end of the job is, on its thread, before the thread takes the next one.
        self._is_announced = True
        super().__init__(*args, **kwargs)
        # How many methods are under way that need the connection, or its absence, to their end.
        self._busy = 0
        self._at_work = AtWork(self)
        self._taking = threading.RLock()
        self._open_cursors: dict[int, ref[Any]] = {}
        # A cursor was dropped on another thread, which could give nothing back.
        self._has_lost_cursor = False
        self._rests_since_s = 0.0

    @property
    def needs_thread(self) -> bool:
        """Whether the connection has to stay with this thread between two queries."""
        return self._needs_thread(self.connection)

    def _needs_thread(self, connection: WatchedConnection | None) -> bool:
        if vars(self)["in_atomic_block"]:
            # Also without a connection, which was closed inside: what comes next on this thread must fail.
            return True
        if connection is None:
            return False
        if not self.autocommit or self._open_cursors:
            return True
        if connection.closed:
            return False
        # A statement may have begun a transaction too.
        return connection.session.is_needed or connection.pgconn.transaction_status != IDLE

    @property
    def _is_in_transaction(self) -> bool:
        return vars(self)["in_atomic_block"] or (vars(self)["connection"] is not None and not self.autocommit)

    @property
    def _known_request(self) -> Request | None:
        """The request that the thread was last at work for; None where it knows none."""
        return self._looked_up_request if self._request is LOOKED_UP else self._request

    def _give_back_after(self, request: Request) -> None:
        """Take the pooled connection that a thread of an executor keeps for a request; from any thread.

        The thread may be at work for a later request, which has the connection then, or still for this one, which
        gives it back by itself. Nobody needs what a job has left that is over.
        """
        self._take(lambda connection, known: known is request and self._is_free(connection))

    def let_go(self) -> None:
        """Give back a pooled connection that its thread has no use for any more; from any thread, without a wait."""
        self._take(self._is_left)

    def _is_free(self, connection: WatchedConnection) -> bool:
        if self._open_cursors:
            # The thread's next job may read on, without a word to this wrapper.
            return False
        return (self._job is not None and is_over(self._job)) or not self._needs_thread(connection)

    def _is_left(self, connection: WatchedConnection, request: Request | None) -> bool:
        if self._open_cursors:
            return False
        session = connection.session
        is_needed = self._needs_thread(connection)
        if (self._job is not None and is_over(self._job)) or (self._has_lost_cursor and not is_needed):
            return True
        is_at_work = self._is_in_transaction or connection.pgconn.transaction_status != IDLE
        if (is_needed and is_at_work) or monotonic() - self._rests_since_s < LONGEST_REST_S:
            return False
        if request is None:
            # It was opened by ensure_connection(), or used through psycopg alone.
            return not is_needed
        if not request.is_over:
            return False
        if session.is_needed:
            logger.warning(
                "a thread has sent no statement for %g s since its request ended, and all connections of the pool %r "
                "are out; its connection is taken away with its session state",
                LONGEST_REST_S,
                self.alias,
            )
        return True

    def _take(self, may_take: Callable[[WatchedConnection, Request | None], bool]) -> None:
        with self._taking:
            connection = vars(self)["connection"]
            if connection is None or connection._pool is None or self.allow_thread_sharing:
                return
            request, known = self._request, self._known_request
            # From here on its thread waits for the lock before it uses the connection, unless it was at work before.
            self._request = TAKEN
            # psycopg's own lock is held while a statement runs.
            if self._busy or not connection.lock.acquire(blocking=False):
                self._request = request
                return
            try:
                if not may_take(connection, known):
                    self._request = request
                    return
                self.connection = None
                connection.session.owner = get_ident()
            finally:
                connection.lock.release()
        if connection.pgconn.transaction_status != IDLE:
            logger.warning(
                "earlier work on a thread has left a transaction open on the database %r; its connection is closed, "
                "which rolls it back",
                self.alias,
            )
            # The pool would send ROLLBACK, and wait: on the event loop's thread, for a server that may not answer.
            connection.pgconn.finish()
        connection._pool.putconn(connection)
