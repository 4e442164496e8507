"""psycopg's connection, which sees also what no cursor has noted."""

from typing import Any

import psycopg
from psycopg.generators import execute
from psycopg.pq import ExecStatus

from django_runtimes.databases.postgresql.remembering import remembering
from django_runtimes.databases.postgresql.session.noted import noted
from django_runtimes.databases.postgresql.session.state import SessionState

_ANSWERS = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK, ExecStatus.EMPTY_QUERY})


class WatchedConnection(psycopg.Connection[Any]):
    """psycopg's, which sees also what no cursor of this engine has noted, and serves one thread at a time."""

    session: SessionState
    # psycopg sets it on those that a pool has lent.
    _pool: Any = None

    def wait(self, *args: Any, **kwargs: Any) -> Any:
        """psycopg's, by which everything that is sent goes; InterfaceError for a thread that gave it back."""
        session = self.__dict__.get("session")
        if session is not None:
            session.require_owner()
            if not session.is_noted:
                session.is_touched = True
        return super().wait(*args, **kwargs)

    def cancel(self) -> None:
        """psycopg's; InterfaceError for a thread that gave the connection back."""
        self._require_owner()
        super().cancel()

    def cancel_safe(self, *, timeout: float = 30.0) -> None:
        """psycopg's; InterfaceError for a thread that gave the connection back."""
        self._require_owner()
        super().cancel_safe(timeout=timeout)

    def close(self) -> None:
        """psycopg's; InterfaceError for a thread that gave the connection back."""
        if not self.closed:
            self._require_owner()
        super().close()

    def _require_owner(self) -> None:
        session = self.__dict__.get("session")
        if session is not None:
            session.require_owner()

    def ask(self, question: bytes) -> None:
        """Raise an error of psycopg's when the server has no answer; the question must leave nothing behind.

        Without a cursor, which costs more than the question.
        """
        with self.lock, noted(self):
            self.pgconn.send_query(question)
            result = self.wait(execute(self.pgconn))[-1]
        if result.status not in _ANSWERS:
            raise psycopg.OperationalError(result.get_error_message())

    def commit(self) -> None:
        """psycopg's."""
        with noted(self):
            super().commit()

    def set_autocommit(self, value: bool) -> None:  # noqa: FBT001  (psycopg's signature)
        """psycopg's, which sends nothing."""
        with noted(self):
            super().set_autocommit(value)

    def rollback(self) -> None:
        """psycopg's."""
        with noted(self):
            super().rollback()


@remembering(16)
def watched(connection_class: type) -> type:
    """The connection class with what WatchedConnection adds."""
    if issubclass(connection_class, WatchedConnection):
        return connection_class
    if issubclass(WatchedConnection, connection_class):
        return WatchedConnection
    return type(connection_class.__name__, (WatchedConnection, connection_class), {"__module__": __name__})
