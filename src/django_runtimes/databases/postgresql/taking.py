"""Takes a connection from the thread that has it, at the end of a request or when its pool is empty."""

import logging
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any
from weakref import ref

from psycopg.pq import TransactionStatus

from django_runtimes.databases.postgresql.at_work import AtWork
from django_runtimes.databases.postgresql.connections.connection_source import ConnectionSourceMixin
from django_runtimes.databases.postgresql.session.connection import WatchedConnection
from django_runtimes.databases.postgresql.session.cursors import alive, is_abandoned
from django_runtimes.databases.sockets.job import Job, is_over
from django_runtimes.serving.current_request import Request

logger = logging.getLogger(__name__)

IDLE = TransactionStatus.IDLE
# The value of `_request` once another thread has taken the connection.
TAKEN = Request()
TAKEN.end()
# The value of `_request` while each use of the connection must check which job the thread is running: outside requests,
# and for jobs whose end is not announced on their thread.
CHECK_EACH_USE = Request()
# A thread whose request has ended is considered finished after this time without a query.
LONGEST_REST_S = 30.0


class TakingMixin(ConnectionSourceMixin):
    """Tracks whether a thread still needs its connection; if it does not, another thread can take the connection.

    Any thread may take it, including the event loop's: taking a connection never waits for the server, and no statement
    runs under the lock.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._request: Request | None = None
        # Holds the request while `_request` is CHECK_EACH_USE.
        self._checked_request: Request | None = None
        self._job: Job | None = None
        # Whether the job's future calls back on the job's own thread, before the thread's next job.
        self._is_announced = True
        super().__init__(*args, **kwargs)
        # The number of running methods during which the connection must not change.
        self._busy = 0
        self._at_work = AtWork(self)
        self._taking = threading.RLock()
        self._open_cursors: dict[int, ref[Any]] = {}
        # Whether a cursor was dropped on another thread, which could not give the connection back.
        self._has_lost_cursor = False
        self._rests_since_s = 0.0

    @property
    def needs_thread(self) -> bool:
        """Whether the connection must stay with this thread between two queries."""
        return self._needs_thread(self.connection)

    def _needs_thread(self, connection: WatchedConnection | None) -> bool:
        if vars(self)["in_atomic_block"]:
            # The thread is needed even if the connection was closed inside the block, whose next query must fail.
            return True
        if connection is None:
            return False
        if not self.autocommit or self._open_cursors:
            return True
        if connection.closed:
            return False
        # A statement may have begun a transaction without Django.
        return connection.session.is_needed or connection.pgconn.transaction_status != IDLE

    @property
    def _is_in_transaction(self) -> bool:
        return vars(self)["in_atomic_block"] or (vars(self)["connection"] is not None and not self.autocommit)

    @property
    def _known_request(self) -> Request | None:
        """The last request that used the connection on this thread, or None."""
        return self._checked_request if self._request is CHECK_EACH_USE else self._request

    def _give_back_after(self, request: Request) -> None:
        """Give back the pooled connection that an executor's thread keeps for a request; callable from any thread.

        Do nothing if the thread already works for a later request, or still works for this one: in both cases the
        thread gives the connection back itself. State that a finished job left is dropped.
        """
        self._take(lambda connection, known: known is request and self._is_free(connection))

    def release_unused(self) -> None:
        """Give back a pooled connection that its thread no longer uses; callable from any thread, without waiting."""
        self._take(self._is_left)

    def _is_free(self, connection: WatchedConnection) -> bool:
        if self._open_cursors:
            # The thread's next job may continue to read from a cursor without calling this wrapper.
            return False
        return (self._job is not None and is_over(self._job)) or not self._needs_thread(connection)

    def _is_left(self, connection: WatchedConnection, request: Request | None) -> bool:
        session = connection.session
        cursors = alive(self._open_cursors)
        are_abandoned = all(map(is_abandoned, cursors))
        if cursors and not (are_abandoned and session.is_needed):
            return are_abandoned and connection.pgconn.transaction_status == IDLE
        is_needed = self._needs_thread(connection)
        if (self._job is not None and is_over(self._job)) or (self._has_lost_cursor and not is_needed):
            return True
        is_at_work = self._is_in_transaction or connection.pgconn.transaction_status != IDLE
        if (is_needed and is_at_work) or monotonic() - self._rests_since_s < LONGEST_REST_S:
            return False
        if request is None:
            # Django's cursors have not used the connection: only ensure_connection() or psycopg itself has.
            return not is_needed
        if not request.is_over:
            return False
        if session.is_needed:
            logger.warning(
                "a thread has sent no statement for %g s since its request ended, and all connections of the pool %r "
                "are in use; the thread loses its connection and its session state",
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
            # From here on, the thread waits for the lock before it uses the connection, unless it is using it already.
            self._request = TAKEN
            # psycopg holds its own lock while a statement runs.
            if self._busy or not connection.lock.acquire(blocking=False):
                self._request = request
                return
            try:
                if not may_take(connection, known):
                    self._request = request
                    return
                self.connection = None
                connection.session.take()
            finally:
                connection.lock.release()
        if connection.pgconn.transaction_status != IDLE:
            logger.warning(
                "earlier work on a thread left a transaction open on the database %r; its connection is closed, "
                "which rolls it back",
                self.alias,
            )
            # The pool would send ROLLBACK and wait for the server, possibly on the event loop's thread.
            connection.pgconn.finish()
        connection._pool.putconn(connection)
