"""Gives a connection back once its thread no longer needs it, and resets its session between requests."""

import logging
from _thread import get_ident
from concurrent.futures import Future
from time import monotonic
from typing import Any
from weakref import ref

import psycopg
from django.db import DatabaseError
from django.db.backends.signals import connection_created

from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.databases.postgresql.connections.orphaned_connection import OrphanedConnection
from django_runtimes.databases.postgresql.session.cursors import alive, is_declared
from django_runtimes.databases.postgresql.session.state import DISCARD_ALL
from django_runtimes.databases.postgresql.taking import CHECK_EACH_USE, IDLE, TAKEN, TakingMixin
from django_runtimes.databases.sockets.job import current_job
from django_runtimes.databases.sockets.thread_end import forget
from django_runtimes.databases.sockets.thread_kinds import is_managed, keeps_connections
from django_runtimes.serving.current_request import current_request

logger = logging.getLogger(__name__)

# The session state that other sessions notice.
_RELEASE_LOCKS = b"SELECT pg_advisory_unlock_all(); UNLISTEN *"


class HandoverMixin(TakingMixin):
    """Releases connections that their threads no longer need, and keeps session state from reaching another request.

    A thread that does not serve whole requests gives a pooled connection back after each query, unless a transaction,
    an open cursor or session state needs it. On an executor's thread, all three end with the job.
    """

    def release(self) -> None:
        """Between two queries, give a pooled connection back unless something needs it or the thread keeps it."""
        if self._busy:
            return
        connection = self.connection
        # A shared connection may belong to a thread that keeps it.
        if connection is None or self.allow_thread_sharing or keeps_connections():
            return
        if self.needs_thread:
            self._note_job()
        elif connection._pool is not None:
            if connection.lock.locked():
                # The garbage collector has dropped a cursor within a statement of psycopg, and this thread may hold
                # the lock that giving back needs.
                self._has_lost_cursor = True
            else:
                self.close()

    def forget_session(self) -> None:
        """Declare, between two parts of a stream, that the session state left by earlier statements is not needed.

        Raise OperationalError if a cursor or a transaction needs the connection, and its pool has no place for it.
        """
        connection = self.connection
        if connection is None:
            return
        connection.session.is_needed = False
        self.release()
        connection = self.connection
        if connection is None or connection._pool is None or self.allow_thread_sharing or not self.needs_thread:
            return
        with self._at_work:
            has_place = _has_place(connection)
        if not has_place:
            with self.wrap_database_errors:
                raise connection._pool.stream_places.timeout_after(0.0)

    def _connect_for_stream(self) -> None:
        """Connect for a server-side cursor of a stream, which holds the connection at its client's pace.

        Raise OperationalError if the pool has no place for another such connection.
        """
        if not self._is_pooled or self.allow_thread_sharing:
            return
        connection = self.connection
        if connection is not None:
            # Do not wait: the streams that have a place may be waiting for this connection. If the cursor is still open
            # when the stream sends its next chunk, forget_session() decides.
            if connection._pool is not None:
                _has_place(connection)
            return
        if vars(self)["in_atomic_block"]:
            # The connection is lost, and Django raises an error.
            return
        with self.wrap_database_errors:
            pool: Any = self.pool
            place = pool.stream_places.wait(pool.timeout, pool.reclaim_unused)
        try:
            self.ensure_connection()
            connection = self.connection
            if connection is not None and connection._pool is pool and connection.session.place is None:
                connection.session.place, place = place, None
        finally:
            if place is not None:
                place.leave()

    def _reset_session(self) -> None:
        """Restore a persistent connection to its initial state, including what `connection_created` receivers set."""
        connection = self.connection
        session = connection.session
        if not (self.autocommit and connection.autocommit):
            self.close()
            return
        try:
            session.restore(connection)
            statement = session.reset_statement()
            if statement == DISCARD_ALL and self._replaces_touched:
                # A proxy pins a client that resets its session to one server connection.
                self.close()
                return
            if statement is None or self._replaces_touched:
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
        request = current_request.get()
        if keeps_connections():
            # These threads reset their connection at the request's end.
            self._request = request
            return
        # `_at_work` keeps other threads from taking the connection; no lock is held while statements run.
        with self._at_work:
            with self._taking:
                # With the lock held, no other thread is in the middle of taking the connection.
                before = self._known_request
            is_other_job = self._job is not None and self._job != current_job()
            was_over = before is not None and before.is_over
            # Code outside the request's context, such as the thread's manager, sees None during the same request. On a
            # managed thread it also sees None between the calls of a task that has outlived its request.
            is_outside = request is None and (not was_over or is_managed())
            if not is_other_job and (request is before or is_outside):
                self._rests_since_s = monotonic()
                return
            if self._is_in_transaction:
                if not is_other_job and (request is None or not was_over):
                    # One request is nested in another.
                    return
                if not self._roll_back():
                    return
            self._request = request
            # Nothing that this request does may end another request's cursor, and its statements wait for no fetch.
            if request is before or not self._leave_to_cursors():
                self._clean()
            self._note_request()

    def _note_request(self) -> None:
        """Record the current request and job as the connection's users."""
        self._request = request = current_request.get()
        if keeps_connections():
            return
        self._note_job()
        if request is not None and vars(self)["connection"] is not None and self.connection._pool is not None:
            request.at_end(self._give_back_after)
        if request is None or not self._is_announced:
            # This is set last: until now, using the connection on this thread must not check the job.
            self._checked_request, self._request = request, CHECK_EACH_USE

    def _note_job(self) -> None:
        self._rests_since_s = monotonic()
        job = current_job()
        if job == self._job:
            return
        self._job = job
        future = job() if isinstance(job, ref) else None
        # An event loop's futures call back on the loop's thread; a ThreadPool's tasks do not call back at all.
        self._is_announced = job is None or isinstance(future, Future)
        if isinstance(future, Future):
            # The callback runs on this thread, before the thread's next job.
            future.add_done_callback(self._end_job)

    def _end_job(self, future: "Future[Any]") -> None:
        """End transactions and session state that an executor's job left; the thread may never run another job."""
        if get_ident() != self._thread_ident:
            return
        with self._at_work:
            with self._taking:
                if self._job != ref(future) or self.allow_thread_sharing:
                    return
                self._request = current_request.get()
            try:
                if not self._is_in_transaction or self._roll_back():
                    self._clean()
            finally:
                # The next use of the connection is treated as a new request's.
                self._request = TAKEN

    def _roll_back(self) -> bool:
        """Roll back transactions that earlier work on this thread left open; return False within a Django test case."""
        blocks: list[Any] = self.atomic_blocks
        if any(block._from_testcase for block in blocks):
            return False
        connection = vars(self)["connection"]
        has_begun = connection is not None and connection.pgconn.transaction_status != IDLE
        if vars(self)["in_atomic_block"] or has_begun:
            logger.warning(
                "earlier work on this thread left a transaction open on the database %r; it is rolled back",
                self.alias,
            )
        # Django resets the rest of the transaction's state with the next connection.
        vars(self)["in_atomic_block"] = False
        self.closed_in_transaction = self.needs_rollback = False
        self._request = current_request.get()
        self._open_cursors.clear()
        self.close()
        return True

    def _clean(self) -> None:
        """Reset the session if earlier work left state in it; a pooled connection is given back for the reset."""
        connection = vars(self)["connection"]
        if connection is None:
            return
        session = connection.session
        if self._open_cursors and not session.is_touched:
            return
        is_clean = session.reset_statement() is None
        if not is_clean and self._leave_to_cursors():
            return
        if connection._pool is None:
            self._reset_session()
        elif not is_clean:
            self.close()

    def end_thread(self) -> None:
        """Close the connection at the end of its thread, or leave it to server-side cursors that other threads read."""
        if self.allow_thread_sharing or not self._leave_to_cursors():
            self.close()

    def _leave_to_cursors(self) -> bool:
        """Leave the connection to its open server-side cursors; return False if there are none."""
        connection = vars(self)["connection"]
        cursors = [cursor for cursor in alive(self._open_cursors) if is_declared(cursor)]
        if not cursors or connection.closed:
            return False
        # With the lock held, no other thread is fetching rows.
        with connection.lock:
            is_idle = connection.pgconn.transaction_status == IDLE
        if not is_idle:
            return False
        if connection.session.is_touched:
            try:
                connection.ask(_RELEASE_LOCKS)
            except psycopg.Error:
                return False
        self.connection = None
        self._open_cursors.clear()
        forget(self)
        OrphanedConnection(connection, cursors)
        return True

    @property
    def _replaces_touched(self) -> bool:
        """Whether a connection whose session may have state is replaced, since the session cannot be reset."""
        return self.settings_dict.get("ROUTE") == Route.PROXY


def _has_place(connection: Any) -> bool:
    """Return whether the connection has a place among those that streams may hold, or can take one now."""
    session = connection.session
    if session.place is None:
        session.place = connection._pool.stream_places.take()
    return session.place is not None
