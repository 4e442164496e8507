"""A pool that gives no dead connection away and is back half a second after its server."""

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
from psycopg_pool import ConnectionPool
from psycopg_pool.pool import MaintenanceTask

from django_runtimes.databases.moment import Moment
from django_runtimes.databases.postgresql.connections.connecting import leave_to_parent
from django_runtimes.databases.postgresql.session.connection import WatchedConnection
from django_runtimes.databases.postgresql.session.state import DISCARD_ALL, NOBODY

# psycopg's pool doubles its pauses up to minutes, in which it does not notice that the server is back.
_RETRY_AFTER_S = 0.5
# The server answers it without a plan.
_NOTHING = b""
# During an outage that lasted the pool's timeout already: enough for a connection that is about to come.
_TIMEOUT_IN_OUTAGE_S = 0.25
# Shorter than anybody waits.
_CALL_BACK_EVERY_S = 0.1

_DEFAULTS = {
    "reconnect_timeout": _RETRY_AFTER_S,
    # A change of DNS or of a certificate reaches every connection within half an hour.
    "max_lifetime": 1800.0,
    "max_idle": 300.0,
}


class PooledConnection(WatchedConnection):
    """A connection that knows when it was made and when it was last given back."""

    made_at_s: float
    rests_since: Moment

    @classmethod
    def connect(  # type: ignore[override]  # the pool calls it with these arguments alone
        cls, *args: Any, make: Callable[[], Self] | None = None, **kwargs: Any
    ) -> Self:
        """What `make` makes, where a pool has one: psycopg's offers no other place for a way of one's own."""
        return super().connect(*args, **kwargs) if make is None else make()


class RecoveringPool(ConnectionPool[PooledConnection]):
    """psycopg's pool, which differs in what becomes of a connection that is found dead.

    psycopg's pauses for seconds before it tries the next one. Here the idle ones are replaced with it, and a new one
    is waited for. One that was not used for `max_rest_s` counts as dead. Once the server has been
    unreachable for longer than the pool's timeout, waiting is cut short: the answer is known.

    A connection whose session some statement may have changed is reset when it comes back, and the answer is read
    when it goes out again, so that neither request waits for the server; with `replaces_touched` it is replaced.
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
            # Threads would not survive the fork that a server may still do.
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
        self._calls_back = False
        self._made: WeakSet[PooledConnection] = WeakSet()

    def getconn(self, timeout: float | None = None) -> PooledConnection:
        """A connection that answers; PoolTimeout or TooManyRequests when there is none."""
        asked_at_s = monotonic()
        deadline_s = asked_at_s + self._patience_s(timeout)
        if self._is_empty:
            self.call_back()
        while True:
            if not self._pool:
                self.call_back_while_waited_for()
            connection = super().getconn(deadline_s - monotonic())
            connection.session.owner = get_ident()
            if self._is_fit(connection):
                self._failing_since_s = None
                self._lent.add(connection)
                self._last_movement_s = monotonic()
                return connection
            if self._failing_since_s is None:
                # On a silent network it took seconds to find out.
                self._failing_since_s = asked_at_s
            connection.close()
            self.putconn(connection)
            self.renew(connection)

    def call_back(self) -> None:
        """Take back what threads hold and have no use for any more, as after the garbage collector dropped a cursor.

        A thread that collects garbage may hold any lock, this pool's too, and can give nothing back itself.
        """
        for connection in tuple(self._lent):
            holder = connection.session.holder
            wrapper = None if holder is None else holder()
            if wrapper is not None:
                wrapper.let_go()

    def call_back_while_waited_for(self) -> None:
        """Do so every now and then for as long as somebody waits."""
        if not self._calls_back:
            self._calls_back = True
            self.schedule_task(_CallBack(self), _CALL_BACK_EVERY_S)

    def call_back_once_more(self) -> None:
        """Do so now, and again unless nobody waits any more."""
        self._calls_back = False
        self.call_back()
        if self._waiting:
            self.call_back_while_waited_for()

    # psycopg's is a static method, and is called on the pool.
    def check_connection(self, conn: PooledConnection) -> None:  # type: ignore[override]
        """psycopg's, also for a connection whose reset is not answered yet; an error when it is broken."""
        conn.session.owner = get_ident()
        if conn.session.is_resetting:
            self._finish_reset(conn)
        else:
            conn.ask(_NOTHING)
        conn.session.owner = NOBODY

    def putconn(self, conn: PooledConnection) -> None:
        """Take a connection back."""
        conn.rests_since = Moment.now()
        self._lent.discard(conn)
        conn.session.holder = None
        self._last_movement_s = monotonic()
        # Its cursors are of no use to anybody from here on.
        conn.session.number += 1
        super().putconn(conn)

    @property
    def empty_for_s(self) -> float:
        """Seconds since a connection last went out or came back, while all that the pool may have are out; else 0."""
        return monotonic() - self._last_movement_s if self._is_empty else 0.0

    @property
    def _is_empty(self) -> bool:
        return len(self._lent) >= self.max_size

    def renew(self, connection: PooledConnection) -> None:
        """Replace all idle connections, unless that was done after this one was made, which is of no use."""
        with self._emptying:
            if connection.made_at_s > self._emptied_at_s:
                self._emptied_at_s = monotonic()
                self.drain()

    def abandon(self) -> None:
        """In a child process: forget the parent's connections without a word to the server."""
        # psycopg's finalizer would wait for locks whose holders stayed in the parent.
        self._closed = True
        for connection in list(self._made):
            leave_to_parent(connection)

    def _reset_connection(self, conn: PooledConnection) -> None:
        """psycopg's part of a return, which ends a transaction; then the session's end is asked for."""
        session = conn.session
        if session.is_resetting:
            # Nobody had it: it was meant for a client that has given up.
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
                # As old as one can be: psycopg replaces it without a warning.
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
        # On one of the pool's threads, or that of another client.
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
        """Read the server's answer, and set what every connection of the pool has."""
        was_touched = connection.session.is_touched
        results = connection.wait(fetch_many(connection.pgconn))
        if any(result.status != ExecStatus.COMMAND_OK for result in results):
            raise OperationalError(f"the session was not reset: {results[-1].get_error_message()}")
        if not was_touched:
            connection.session.clear()
            return
        # The server has forgotten its prepared statements; psycopg has been told of it by nobody.
        connection._prepared.clear()
        connection._prepared._to_flush.clear()
        self._make_ready(connection)

    def _rested_too_long(self, connection: PooledConnection) -> bool:
        return self._max_rest_s is not None and connection.rests_since.age_s > self._max_rest_s

    def _patience_s(self, timeout: float | None) -> float:
        timeout_s = self.timeout if timeout is None else timeout
        since_s = self._failing_since_s
        if since_s is None:
            return timeout_s
        # Whoever comes later has waited for a thread meanwhile: all give up at the same moment.
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
        """Called when an attempt was given up; whoever comes later makes the pool try by itself."""
        if self.get_stats()["requests_waiting"]:
            # Lets an empty pool grow by one.
            self.check()


class _CallBack(MaintenanceTask):
    """Runs on one of the pool's threads."""

    def _run(self, pool: "ConnectionPool[Any]") -> None:
        cast("RecoveringPool", pool).call_back_once_more()


def _answers(connection: PooledConnection) -> bool:
    try:
        connection.ask(_NOTHING)
    except PsycopgError:
        return False
    return True
