"""A pool that gives no dead connection away and is back half a second after its server."""

import threading
from collections.abc import Callable
from time import monotonic
from typing import Any
from weakref import WeakSet

from psycopg import Connection
from psycopg import Error as PsycopgError
from psycopg_pool import ConnectionPool

from webapp.database.moment import Moment
from webapp.database.postgresql.connecting import leave_to_parent

# psycopg's pool doubles its pauses up to minutes, in which it does not notice that the server is back.
_RETRY_AFTER_S = 0.5
# During an outage that lasted the pool's timeout already: enough for a connection that is about to come.
_TIMEOUT_IN_OUTAGE_S = 0.25

_DEFAULTS = {
    "reconnect_timeout": _RETRY_AFTER_S,
    # A change of DNS or of a certificate reaches every connection within half an hour.
    "max_lifetime": 1800.0,
    "max_idle": 300.0,
}


class PooledConnection(Connection):
    """A connection that knows when it was made and when it was last given back."""

    made_at_s: float
    rests_since: Moment

    @classmethod
    def connect(cls, conninfo: str = "", *, make: Callable[[], Connection] | None = None, **kwargs: Any) -> Connection:
        """What `make` makes, where a pool has one: psycopg's offers no other place for a way of one's own."""
        return super().connect(conninfo, **kwargs) if make is None else make()


class RecoveringPool(ConnectionPool):
    """psycopg's pool, which differs in what becomes of a connection that is found dead.

    psycopg's pauses for seconds before it tries the next one. Here the idle ones are replaced with it, and a new one
    is waited for. One that was not used for `max_rest_s` counts as dead. Once the server has been
    unreachable for longer than the pool's timeout, waiting is cut short: the answer is known.
    """

    def __init__(
        self, make: Callable[[], PooledConnection], *, check: bool, max_rest_s: float | None, **options: Any
    ) -> None:
        super().__init__(
            connection_class=PooledConnection,
            kwargs={"make": self._make_noted},
            # Threads would not survive the fork that a server may still do.
            open=False,
            reconnect_failed=type(self)._try_again,
            **{**_DEFAULTS, **options},
        )
        self._make = make
        self._checks = check
        self._max_rest_s = max_rest_s
        self._failing_since_s: float | None = None
        self._emptied_at_s = 0.0
        self._emptying = threading.Lock()
        self._made: WeakSet[PooledConnection] = WeakSet()

    def getconn(self, timeout: float | None = None) -> PooledConnection:
        """A connection that answers; PoolTimeout or TooManyRequests when there is none."""
        asked_at_s = monotonic()
        deadline_s = asked_at_s + self._patience_s(timeout)
        while True:
            connection = super().getconn(deadline_s - monotonic())
            if not self._rested_too_long(connection) and (not self._checks or _answers(connection)):
                self._failing_since_s = None
                return connection
            if self._failing_since_s is None:
                # On a silent network it took seconds to find out.
                self._failing_since_s = asked_at_s
            connection.close()
            self.putconn(connection)
            self.renew(connection)

    def putconn(self, conn: PooledConnection) -> None:
        """Take a connection back."""
        conn.rests_since = Moment.now()
        super().putconn(conn)

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


def _answers(connection: Connection) -> bool:
    try:
        ConnectionPool.check_connection(connection)
    except PsycopgError:
        return False
    return True
