"""What one request may leave in a PostgreSQL session, noted while its statements run."""

import threading
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.sql import Composable

from webapp.database.postgresql.session_statements import may_leave_state

_LONGEST_REMEMBERED = 4096


class CompiledSQL(str):
    """A statement that Django's ORM compiled without a function of the application's own: it leaves no state.

    An instance loses its class as soon as anything is added to it, so that a statement which was changed on its way
    counts as unknown.
    """

    __slots__ = ()


class SessionState:
    """What is known of one connection's session since it was last clean.

    `is_touched`: some statement may have left what the next request must not see. `is_needed`: some statement may
    have left what the following statements of this thread rely on.
    """

    __slots__ = ("is_needed", "is_resetting", "is_touched")

    def __init__(self) -> None:
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

    def clear(self) -> None:
        """The session is as it was when the connection was made."""
        self.is_touched = self.is_needed = self.is_resetting = False


class NotingCursor:
    """A mixin for psycopg's cursors, which tells the connection's SessionState of each statement."""

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
        super().close()  # type: ignore[misc]
        on_close = self.__dict__.pop("on_close", None)
        if on_close is not None:
            on_close(self)


@lru_cache(maxsize=16)
def noting(cursor_class: type) -> type:
    """The cursor class with NotingCursor before it."""
    if issubclass(cursor_class, NotingCursor):
        return cursor_class
    return type(cursor_class.__name__, (NotingCursor, cursor_class), {"__module__": __name__})


def keeps_connections() -> bool:
    """Whether this thread keeps a connection from a request's first query to the request's end.

    Only a thread that serves one whole request after the other does, and the main thread, which commands and Lambda's
    invocations run on. Nothing tells when the work of any other thread ends.
    """
    thread = threading.current_thread()
    return thread is threading.main_thread() or getattr(thread, "serves_whole_requests", False)


def _note(cursor: Any, query: object) -> None:
    state = getattr(cursor.connection, "session", None)
    if state is not None:
        state.note(query, cursor)


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
