"""psycopg's connection, extended to track everything that it sends, and the thread that may use it."""

from typing import Any

import psycopg
from psycopg.generators import execute
from psycopg.pq import ExecStatus

from django_runtimes.databases.postgresql.session.noted import noted
from django_runtimes.databases.postgresql.session.state import SessionState
from django_runtimes.databases.sockets.class_cache import class_cache

_ANSWERS = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK, ExecStatus.EMPTY_QUERY})


class WatchedConnection(psycopg.Connection[Any]):
    """psycopg's connection, which also notes statements that bypass this engine's cursors, and serves one thread."""

    session: SessionState
    # psycopg sets it on connections from a pool.
    _pool: Any = None

    def wait(self, *args: Any, **kwargs: Any) -> Any:
        """Note each statement that is sent; raise InterfaceError on a thread that gave the connection back."""
        session = self.__dict__.get("session")
        if session is not None:
            session.note_use()
        return super().wait(*args, **kwargs)

    def cancel(self) -> None:
        """Cancel as psycopg does; raise InterfaceError on a thread that gave the connection back."""
        self._require_owner()
        super().cancel()

    def cancel_safe(self, *, timeout: float = 30.0) -> None:
        """Cancel as psycopg does; raise InterfaceError on a thread that gave the connection back."""
        self._require_owner()
        super().cancel_safe(timeout=timeout)

    def close(self) -> None:
        """Close as psycopg does; raise InterfaceError on a thread that gave the connection back."""
        if not self.closed:
            self._require_owner()
        super().close()

    def _require_owner(self) -> None:
        session = self.__dict__.get("session")
        if session is not None:
            session.require_owner()

    def ask(self, question: bytes) -> None:
        """Send a statement that leaves no session state; raise psycopg's error unless the server answers it.

        This creates no cursor, which would take longer than the statement.
        """
        with self.lock, noted(self):
            self.pgconn.send_query(question)
            result = self.wait(execute(self.pgconn))[-1]
        if result.status not in _ANSWERS:
            raise psycopg.OperationalError(result.get_error_message())

    def commit(self) -> None:
        """Commit as psycopg does, without marking the session as changed."""
        with noted(self):
            super().commit()

    def set_autocommit(self, value: bool) -> None:  # noqa: FBT001  (psycopg's signature)
        """Set autocommit as psycopg does, without sending anything."""
        with noted(self):
            super().set_autocommit(value)

    def rollback(self) -> None:
        """Roll back as psycopg does, without marking the session as changed."""
        with noted(self):
            super().rollback()


@class_cache(16)
def watched(connection_class: type) -> type:
    """Return the connection class with WatchedConnection before it."""
    if issubclass(connection_class, WatchedConnection):
        return connection_class
    if issubclass(WatchedConnection, connection_class):
        return WatchedConnection
    return type(connection_class.__name__, (WatchedConnection, connection_class), {"__module__": __name__})
