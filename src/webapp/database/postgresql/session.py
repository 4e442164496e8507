"""What one request may leave in a PostgreSQL session, noted while its statements run."""

import threading
from _thread import get_ident
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.sql import Composable

from webapp.database.postgresql.session_statements import may_leave_state

_LONGEST_REMEMBERED = 4096
# What an application may change on psycopg's connection itself.
_ATTRIBUTES = ("row_factory", "isolation_level", "read_only", "deferrable", "prepare_threshold")


class CompiledSQL(str):
    """A statement that Django's ORM compiled without a function of the application's own: it leaves no state.

    An instance loses its class as soon as anything is added to it, so that a statement which was changed on its way
    counts as unknown.
    """

    __slots__ = ()


class SessionState:
    """What is known of one connection's session since it was last clean.

    `is_touched`: some statement may have left what the next request must not see. `is_needed`: some statement may
    have left what the following statements of this thread rely on. `number` counts those who had the connection.
    """

    __slots__ = ("_attributes", "is_needed", "is_resetting", "is_touched", "number")

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._attributes = [(name, getattr(connection, name)) for name in _ATTRIBUTES]
        self.number = 0
        self.is_touched = False
        self.is_needed = False
        self.is_resetting = False

    def note(self, query: object, cursor: psycopg.Cursor[Any]) -> None:
        """Note a statement that is about to run."""
        if type(query) is CompiledSQL:
            return
        self.is_touched = True
        # A thread that keeps its connection to the request's end never asks.
        if not self.is_needed and not keeps_connections():
            self.is_needed = _may_leave_state(query, cursor)

    def restore_attributes(self, connection: psycopg.Connection[Any]) -> None:
        """Set what psycopg keeps of the session as it was when the connection was made; not in a transaction."""
        for name, value in self._attributes:
            if getattr(connection, name) != value:
                setattr(connection, name, value)

    def clear(self) -> None:
        """The session is as it was when the connection was made."""
        self.is_touched = self.is_needed = self.is_resetting = False
        self.number += 1


class NotingCursor:
    """A mixin for psycopg's cursors, which tells the connection's SessionState of each statement.

    A cursor that is kept for longer than its connection does nothing to the next one who has that: its statements are
    errors, and closing it sends nothing.
    """

    session_number: int | None = None
    thread_id = 0

    def __init__(self, connection: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(connection, *args, **kwargs)
        remember_session(self)

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """psycopg's."""
        _note(self, query)
        return super().execute(query, *args, **kwargs)  # type: ignore[misc]

    def executemany(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """psycopg's."""
        _note(self, query)
        return super().executemany(query, *args, **kwargs)  # type: ignore[misc]

    def stream(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """psycopg's."""
        _note(self, query)
        return super().stream(query, *args, **kwargs)  # type: ignore[misc]

    def copy(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
        """psycopg's."""
        _note(self, statement)
        return super().copy(statement, *args, **kwargs)  # type: ignore[misc]

    def close(self) -> None:
        """psycopg's; a connection that this cursor was the last to need may go back to its pool."""
        if _is_outlived(self):
            self._closed = True
        elif not self._closed:
            super().close()  # type: ignore[misc]
        on_close = self.__dict__.pop("on_close", None)
        if on_close is not None:
            on_close(self)


class NotingServerCursor(NotingCursor):
    """The same for cursors whose rows stay on the server until they are fetched."""

    def close(self) -> None:
        """psycopg's; on another thread, as when garbage is collected, nothing is sent from between two queries."""
        if self.thread_id != get_ident() and not _is_outlived(self):
            # The reset at the request's end closes it on the server.
            self.connection.session.is_touched = True  # type: ignore[attr-defined]
            self._closed = True
        super().close()

    def fetchone(self) -> Any:
        """psycopg's."""
        _require_session(self)
        return super().fetchone()  # type: ignore[misc]

    def fetchmany(self, *args: Any, **kwargs: Any) -> Any:
        """psycopg's."""
        _require_session(self)
        return super().fetchmany(*args, **kwargs)  # type: ignore[misc]

    def fetchall(self) -> Any:
        """psycopg's."""
        _require_session(self)
        return super().fetchall()  # type: ignore[misc]

    def __iter__(self) -> Any:
        _require_session(self)
        return super().__iter__()  # type: ignore[misc]

    def scroll(self, *args: Any, **kwargs: Any) -> None:
        """psycopg's."""
        _require_session(self)
        super().scroll(*args, **kwargs)  # type: ignore[misc]


@lru_cache(maxsize=16)
def noting(cursor_class: type) -> type:
    """The cursor class with NotingCursor before it."""
    if issubclass(cursor_class, NotingCursor):
        return cursor_class
    mixin = NotingServerCursor if issubclass(cursor_class, psycopg.ServerCursor) else NotingCursor
    return type(cursor_class.__name__, (mixin, cursor_class), {"__module__": __name__})


def remember_session(cursor: Any) -> None:
    """Note who has the connection while this cursor is made."""
    state = getattr(cursor.connection, "session", None)
    if state is not None:
        cursor.session_number = state.number
        cursor.thread_id = get_ident()


def keeps_connections() -> bool:
    """Whether this thread keeps a connection from a request's first query to the request's end.

    Only a thread that serves one whole request after the other does, and the main thread, which commands and Lambda's
    invocations run on. Nothing tells when the work of any other thread ends.
    """
    thread = threading.current_thread()
    return thread is threading.main_thread() or getattr(thread, "serves_whole_requests", False)


def _note(cursor: Any, query: object) -> None:
    _require_session(cursor)
    state = getattr(cursor.connection, "session", None)
    if state is not None:
        state.note(query, cursor)


def _is_outlived(cursor: Any) -> bool:
    return cursor.session_number is not None and cursor.session_number != cursor.connection.session.number


def _require_session(cursor: Any) -> None:
    if _is_outlived(cursor):
        raise psycopg.InterfaceError(
            "this cursor's connection has gone back to its pool, or its session was reset; make a new cursor"
        )


def _may_leave_state(query: object, cursor: psycopg.Cursor[Any]) -> bool:
    match query:
        case str():
            text = query
        case bytes():
            text = query.decode(errors="replace")
        case Composable():
            text = query.as_string(cursor)
        case _:
            return True
    return _remembered(text) if len(text) <= _LONGEST_REMEMBERED else may_leave_state(text)


# Applications send the same few statements over and over.
_remembered = lru_cache(maxsize=512)(may_leave_state)
