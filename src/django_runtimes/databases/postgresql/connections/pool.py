"""A pool that never lends a dead connection, and recovers within half a second after its server does."""

import threading
from _thread import get_ident
from collections.abc import Callable
from time import monotonic
from typing import Any, Self, cast
from weakref import WeakSet

from psycopg import Error as PsycopgError
from psycopg import OperationalError
from psycopg.generators import fetch_many
from psycopg.pq import ExecStatus
from psycopg_pool import ConnectionPool, PoolTimeout
from psycopg_pool.pool import MaintenanceTask

from django_runtimes.databases.postgresql.connections.connecting import leave_to_parent
from django_runtimes.databases.postgresql.connections.pool_waits import POOL_WAITS
from django_runtimes.databases.postgresql.connections.stream_places import StreamPlaces
from django_runtimes.databases.postgresql.session.connection import WatchedConnection
from django_runtimes.databases.postgresql.session.state import DISCARD_ALL, NOBODY
from django_runtimes.moment import Moment

# psycopg's pool doubles the pause between retries, up to minutes, and cannot notice a recovered server in between.
_RETRY_AFTER_S = 0.5
# The server answers an empty query without planning.
_EMPTY_QUERY = b""
# How long to wait once an outage has lasted longer than the pool's timeout: enough for a connection that is almost
# ready.
_TIMEOUT_IN_OUTAGE_S = 0.25
# A connection on which another thread fetches for longer is closed when it is given back.
_LONGEST_FETCH_S = 1.0
# This must be shorter than the timeout of any client.
_RECLAIM_EVERY_S = 0.1

_DEFAULTS = {
    "reconnect_timeout": _RETRY_AFTER_S,
    # A change of DNS or of a certificate reaches every connection within half an hour.
    "max_lifetime": 1800.0,
    "max_idle": 300.0,
}


class PooledConnection(WatchedConnection):
    """A connection that records when it was opened and when it was last given back."""

    made_at_s: float
    rests_since: Moment

    @classmethod
    def connect(  # type: ignore[override]  # the pool calls it with these arguments alone
        cls, *args: Any, make: Callable[[], Self] | None = None, **kwargs: Any
    ) -> Self:
        """Return `make()` if a pool passes `make`; psycopg's pool has no other hook for opening a connection."""
        return super().connect(*args, **kwargs) if make is None else make()


class RecoveringPool(ConnectionPool[PooledConnection]):
    """psycopg's pool with faster recovery from dead connections, and with sessions reset between requests.

    psycopg's pool pauses for seconds before it tries the next connection. This pool replaces all idle connections
    together with the dead one, and waits for a new connection. A connection that was idle for longer than `max_rest_s`
    is treated as dead. Once the server has been unreachable for longer than the pool's timeout, clients wait only
    briefly.

    When a connection is given back and its session may have changed, the pool sends the statement that resets the
    session. It reads the answer when it lends the connection again, so that neither request waits for the server. With
    `replaces_touched` such a connection is replaced instead.
    """

    def __init__(
        self,
        make: Callable[[], PooledConnection],
        *,
        made_for: tuple[Any, ...],
        check: bool,
        max_rest_s: float | None,
        replaces_touched: bool,
        configure: Callable[[PooledConnection], object],
        **options: Any,
    ) -> None:
        def make_ready(connection: PooledConnection) -> None:
            configure(connection)
            connection.session.begin(connection)

        super().__init__(
            connection_class=PooledConnection,
            kwargs={"make": self._make_noted},
            # The server may fork later, and the pool's threads would not exist in the child process.
            open=False,
            configure=make_ready,
            reconnect_failed=cast("Callable[[ConnectionPool[Any]], None]", type(self)._try_again),
            **{**_DEFAULTS, **options},
        )
        self.made_for = made_for
        self._make = make
        self._make_ready = make_ready
        self._checks = check
        self._max_rest_s = max_rest_s
        self._replaces_touched = replaces_touched
        self._lent: set[PooledConnection] = set()
        self._last_movement_s = monotonic()
        self._failing_since_s: float | None = None
        self._emptied_at_s = 0.0
        self._emptying = threading.Lock()
        self._reclaims = False
        self._made: WeakSet[PooledConnection] = WeakSet()
        self.stream_places = StreamPlaces(self.max_size)

    def getconn(self, timeout: float | None = None) -> PooledConnection:
        """Return a connection that answers; raise PoolTimeout or TooManyRequests if there is none."""
        asked_at_s = monotonic()
        deadline_s = asked_at_s + self._wait_limit_s(timeout)
        if self._is_empty:
            self.reclaim_unused()
        while True:
            if not self._pool:
                self.reclaim_while_waited_for()
            try:
                connection = super().getconn(deadline_s - monotonic())
            except PoolTimeout:
                POOL_WAITS.add(monotonic() - asked_at_s, timed_out=True)
                raise
            connection.session.owner = get_ident()
            if self._is_fit(connection):
                self._failing_since_s = None
                self._lent.add(connection)
                self._last_movement_s = now_s = monotonic()
                POOL_WAITS.add(now_s - asked_at_s)
                return connection
            if self._failing_since_s is None:
                # The outage began before the check, which takes seconds to fail if packets are dropped silently.
                self._failing_since_s = asked_at_s
            connection.close()
            self.putconn(connection)
            self.renew(connection)

    def reclaim_unused(self) -> None:
        """Take back connections that threads hold but no longer use, for example after a cursor was garbage-collected.

        A thread that collects garbage may hold any lock, including this pool's, so it cannot give a connection back.
        """
        for connection in tuple(self._lent):
            holder = connection.session.holder
            wrapper = None if holder is None else holder()
            if wrapper is not None:
                wrapper.release_unused()

    def reclaim_while_waited_for(self) -> None:
        """Take back unused connections periodically while a client waits."""
        if not self._reclaims:
            self._reclaims = True
            self.schedule_task(_Reclaim(self), _RECLAIM_EVERY_S)

    def reclaim_again(self) -> None:
        """Take back unused connections now, and schedule the next round while a client waits."""
        self._reclaims = False
        self.reclaim_unused()
        if self._waiting:
            self.reclaim_while_waited_for()

    # In psycopg this is a static method, but psycopg calls it on the pool.
    def check_connection(self, conn: PooledConnection) -> None:  # type: ignore[override]
        """Raise psycopg's error if the connection is broken, after reading the answer to a pending reset."""
        conn.session.owner = get_ident()
        if conn.session.is_resetting:
            self._finish_reset(conn)
        else:
            conn.ask(_EMPTY_QUERY)
        conn.session.owner = NOBODY

    def putconn(self, conn: PooledConnection) -> None:
        """Take a connection back from a client."""
        conn.rests_since = Moment.now()
        # This invalidates the connection's cursors. Another thread may be fetching from one of them; that ends first.
        conn.session.number += 1
        if conn.lock.acquire(timeout=_LONGEST_FETCH_S):
            conn.lock.release()
        else:
            conn.pgconn.finish()
        self._lent.discard(conn)
        conn.session.holder = None
        self._last_movement_s = monotonic()
        place, conn.session.place = conn.session.place, None
        if place is not None:
            place.leave()
        super().putconn(conn)

    @property
    def empty_for_s(self) -> float:
        """Seconds since a connection was last lent or given back if `max_size` connections are lent, otherwise 0."""
        return monotonic() - self._last_movement_s if self._is_empty else 0.0

    @property
    def _is_empty(self) -> bool:
        return len(self._lent) >= self.max_size

    def renew(self, connection: PooledConnection) -> None:
        """Replace all idle connections, unless they were replaced after `connection`, which is useless, was opened."""
        with self._emptying:
            if connection.made_at_s > self._emptied_at_s:
                self._emptied_at_s = monotonic()
                self.drain()

    def abandon(self) -> None:
        """In a child process, drop the parent's connections without sending anything to the server."""
        # psycopg's finalizer would wait for locks whose owners exist only in the parent.
        self._closed = True
        for connection in list(self._made):
            leave_to_parent(connection)

    def _reset_connection(self, conn: PooledConnection) -> None:
        """End the transaction as psycopg's pool does, then send the statement that resets the session."""
        session = conn.session
        if session.is_resetting:
            # The connection was not used, since its client gave up waiting.
            return
        super()._reset_connection(conn)
        if not conn.closed:
            session.restore(conn)
        session.owner = NOBODY
        if conn.closed:
            return
        statement = session.reset_statement()
        if self._replaces_touched:
            if statement == DISCARD_ALL:
                # psycopg replaces an expired connection without a warning.
                conn._expire_at = 0.0
            return
        if statement is None:
            return
        try:
            conn.pgconn.send_query(statement)
            conn.pgconn.flush()
        except PsycopgError:
            self._close_connection(conn)
        else:
            session.is_resetting = True

    def _close_connection(self, conn: PooledConnection) -> None:
        # One of the pool's threads or another client's thread may run this.
        conn.session.owner = None
        super()._close_connection(conn)

    def _is_fit(self, connection: PooledConnection) -> bool:
        if self._rested_too_long(connection):
            return False
        try:
            if connection.session.is_resetting:
                self._finish_reset(connection)
        except PsycopgError:
            return False
        return not self._checks or _answers(connection)

    def _finish_reset(self, connection: PooledConnection) -> None:
        """Read the server's answer, and configure the session as for a new connection."""
        was_touched = connection.session.is_touched
        results = connection.wait(fetch_many(connection.pgconn))
        if any(result.status != ExecStatus.COMMAND_OK for result in results):
            raise OperationalError(f"the server did not reset the session: {results[-1].get_error_message()}")
        if not was_touched:
            connection.session.clear()
            return
        # The server has dropped its prepared statements, but psycopg still lists them.
        connection._prepared.clear()
        connection._prepared._to_flush.clear()
        self._make_ready(connection)

    def _rested_too_long(self, connection: PooledConnection) -> bool:
        return self._max_rest_s is not None and connection.rests_since.age_s > self._max_rest_s

    def _wait_limit_s(self, timeout: float | None) -> float:
        timeout_s = self.timeout if timeout is None else timeout
        since_s = self._failing_since_s
        if since_s is None:
            return timeout_s
        # All clients give up at the same time, since those that ask later have already waited for a thread.
        return min(timeout_s, max(_TIMEOUT_IN_OUTAGE_S, since_s + self.timeout - monotonic()))

    def _make_noted(self) -> PooledConnection:
        try:
            connection = self._make()
        except Exception:
            if self._failing_since_s is None:
                self._failing_since_s = monotonic()
            raise
        self._failing_since_s = None
        connection.made_at_s = monotonic()
        connection.rests_since = Moment.now()
        self._made.add(connection)
        return connection

    def _try_again(self) -> None:
        """Retry after psycopg gave up connecting, if clients wait; otherwise the next client makes the pool retry."""
        if self.get_stats()["requests_waiting"]:
            # check() makes an empty pool open one connection.
            self.check()


class _Reclaim(MaintenanceTask):
    """Takes back unused connections, on one of the pool's threads."""

    def _run(self, pool: "ConnectionPool[Any]") -> None:
        cast("RecoveringPool", pool).reclaim_again()


def _answers(connection: PooledConnection) -> bool:
    try:
        connection.ask(_EMPTY_QUERY)
    except PsycopgError:
        return False
    return True
