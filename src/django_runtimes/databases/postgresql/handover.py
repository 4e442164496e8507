"""Hands a connection from one request to the next: given back once nothing needs it, its session reset."""

import logging
import threading
from _thread import get_ident
from collections.abc import Callable
from concurrent.futures import Future
from time import monotonic
from typing import Any
from weakref import ref

import psycopg
from django.db import DatabaseError
from django.db.backends.signals import connection_created
from psycopg.pq import TransactionStatus

from django_runtimes.config.databases.connection_strategy import Route
from django_runtimes.databases.postgresql.connections.connection_source import ConnectionSourceMixin
from django_runtimes.databases.postgresql.connections.job import Job, current_job, is_over
from django_runtimes.databases.postgresql.session.connection import WatchedConnection
from django_runtimes.databases.postgresql.session.state import DISCARD_ALL, keeps_connections
from django_runtimes.serving.current_request import Request, current_request

logger = logging.getLogger(__name__)

_IDLE = TransactionStatus.IDLE
# In the place of the request of a connection that another thread takes away.
_TAKEN = Request()
_TAKEN.end()
# In the place of the request of a connection on a thread that knows none: each use looks for the executor's job.
UNKNOWN = Request()
# For a thread whose request is over: longer than a pause in the work of one that goes on.
LONGEST_REST_S = 30.0


class HandoverMixin(ConnectionSourceMixin):
    """Knows whether a thread still needs its connection, and lets no request find what another one left in a session.

    A thread that does not serve whole requests gives a pooled connection back after each query, unless a transaction,
    an open cursor or session state needs it. On a thread of an executor these end with its job.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._request: Request | None = None
        self._job: Job | None = None
        super().__init__(*args, **kwargs)
        # How many methods are under way that need the connection, or its absence, to their end.
        self._busy = 0
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
        return connection.session.is_needed or connection.pgconn.transaction_status != _IDLE

    def release(self) -> None:
        """Between two queries: give a pooled connection back when nothing needs it, unless the thread keeps it."""
        if self._busy:
            return
        connection = self.connection
        # The thread that shares it may be one that keeps it.
        if connection is None or self.allow_thread_sharing or keeps_connections():
            return
        if self.needs_thread:
            self._note_job()
        elif connection._pool is not None:
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
        if self.allow_thread_sharing:
            return
        # The end of the request before may be taking the connection away.
        with self._taking:
            request, before = current_request.get(), self._request
            if request is before:
                # It was not taken away.
                return
            if keeps_connections():
                # These have their connection reset at a request's end.
                self._request = request
                return
            is_other_job = self._job is not None and self._job != current_job()
            was_over = before is not None and before.is_over
            if request is None and not is_other_job and not was_over:
                # Code without a context, as that which manages this thread, for a request that goes on.
                self._rests_since_s = monotonic()
                return
            if self._is_in_transaction:
                if not is_other_job and (request is None or not was_over):
                    # A request within another one.
                    return
                if not self._roll_back():
                    return
            self._request = request
            self._clean()
            self._note_request()

    def _note_request(self) -> None:
        """Whose the connection is from here on."""
        self._request = request = current_request.get()
        if keeps_connections():
            return
        self._note_job()
        if request is None:
            self._request = UNKNOWN
        elif vars(self)["connection"] is not None and self.connection._pool is not None:
            request.at_end(self._give_back_after)

    def _note_job(self) -> None:
        self._rests_since_s = monotonic()
        job = current_job()
        if job == self._job:
            return
        self._job = job
        future = job() if isinstance(job, ref) else None
        if isinstance(future, Future):
            # Called on this thread before it takes its next job. The event loop's futures call on the loop's thread.
            future.add_done_callback(self._end_job)

    def _end_job(self, future: "Future[Any]") -> None:
        """What an executor's job has left ends with it: its thread may work for somebody else next, or never again."""
        with self._taking:
            if get_ident() != self._thread_ident or self._job != ref(future):
                return
            if self.allow_thread_sharing:
                return
            self._request = current_request.get()
            if not self._is_in_transaction or self._roll_back():
                self._clean()
            # The next use is a new one's, whatever it is for.
            self._request = _TAKEN

    @property
    def _is_in_transaction(self) -> bool:
        return vars(self)["in_atomic_block"] or (vars(self)["connection"] is not None and not self.autocommit)

    def _roll_back(self) -> bool:
        """End what earlier work on this thread has left open; False for the transaction of a test case of Django's."""
        blocks: list[Any] = self.atomic_blocks
        if any(block._from_testcase for block in blocks):
            return False
        connection = vars(self)["connection"]
        has_begun = connection is not None and connection.pgconn.transaction_status != _IDLE
        if vars(self)["in_atomic_block"] or has_begun:
            logger.warning(
                "earlier work on this thread has left a transaction open on the database %r; it is rolled back",
                self.alias,
            )
        # The rest of the transaction's state Django sets with the next connection.
        vars(self)["in_atomic_block"] = False
        self.closed_in_transaction = self.needs_rollback = False
        self._request = current_request.get()
        self._open_cursors.clear()
        self.close()
        return True

    def _clean(self) -> None:
        """Let go of what earlier work has left in the session."""
        connection = vars(self)["connection"]
        if connection is None:
            return
        session = connection.session
        if self._open_cursors and not session.is_touched:
            return
        if connection._pool is None:
            self._reset_session()
        elif session.reset_statement() is not None:
            self.close()

    def _give_back_after(self, request: Request) -> None:
        """Take the pooled connection that a thread of an executor keeps for a request; from any thread.

        The thread may be at work for a later request, which has the connection then, or still for this one, which
        gives it back by itself. What a job has left that is over nobody needs.
        """
        with self._taking:
            if self._request is request:
                is_job_over = self._job is not None and is_over(self._job)
                self._take(lambda connection, _: is_job_over or not self._needs_thread(connection))

    def let_go(self) -> None:
        """Give back a pooled connection that its thread has no use for any more; from any thread, without a wait."""
        if not self._taking.acquire(blocking=False):
            return
        try:
            self._take(self._is_left)
        finally:
            self._taking.release()

    def _is_left(self, connection: WatchedConnection, request: Request | None) -> bool:
        session = connection.session
        if self._open_cursors and not session.is_touched:
            # An iterator may be gone on with in the thread's next job.
            return False
        is_needed = self._needs_thread(connection)
        if (self._job is not None and is_over(self._job)) or (self._has_lost_cursor and not is_needed):
            return True
        is_at_work = self._is_in_transaction or self._open_cursors or connection.pgconn.transaction_status != _IDLE
        if (is_needed and is_at_work) or monotonic() - self._rests_since_s < LONGEST_REST_S:
            return False
        if request is UNKNOWN:
            # It was opened by ensure_connection(), or used through psycopg alone.
            return not is_needed
        if request is None or not request.is_over:
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
        connection = vars(self)["connection"]
        if connection is None or connection._pool is None or self.allow_thread_sharing:
            return
        request = self._request
        # From here on its thread waits for the lock before it uses the connection, unless it was at work before.
        self._request = _TAKEN
        # psycopg's own lock is held while a statement runs.
        if self._busy or not connection.lock.acquire(blocking=False):
            self._request = request
            return
        try:
            is_taken = may_take(connection, request)
            if is_taken:
                self.connection = None
                connection.session.owner = get_ident()
            else:
                self._request = request
        finally:
            connection.lock.release()
        if is_taken:
            connection._pool.putconn(connection)

    @property
    def _is_proxied(self) -> bool:
        return self.settings_dict.get("ROUTE") == Route.PROXY
