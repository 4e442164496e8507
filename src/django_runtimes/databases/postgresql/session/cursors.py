"""psycopg's cursors, which note their statements."""

from _thread import get_ident
from typing import Any

import psycopg

from django_runtimes.databases.postgresql.remembering import remembering
from django_runtimes.databases.postgresql.session.noted import fetching, is_outlived, note, noted, state_of
from django_runtimes.databases.postgresql.types import CursorBase


class NotingCursor(CursorBase):
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
        with note(self, query):
            return super().execute(query, *args, **kwargs)

    def executemany(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """psycopg's."""
        with note(self, query, is_several=True):
            return super().executemany(query, *args, **kwargs)

    def stream(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """psycopg's."""
        note(self, query)
        return super().stream(query, *args, **kwargs)

    def copy(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
        """psycopg's."""
        note(self, statement)
        return super().copy(statement, *args, **kwargs)

    def close(self) -> None:
        """psycopg's; a connection that this cursor was the last to need may go back to its pool."""
        if is_outlived(self):
            self._closed = True
        elif not self._closed:
            self._end()
        on_close = self.__dict__.pop("on_close", None)
        if on_close is not None:
            on_close(self)

    def _end(self) -> None:
        super().close()


class NotingServerCursor(NotingCursor):
    """The same for cursors whose rows stay on the server until they are fetched."""

    is_declared = False

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        """psycopg's."""
        result = super().execute(*args, **kwargs)
        if not self.is_declared and (state := state_of(self)) is not None:
            state.open_cursors += 1
            self.is_declared = True
        return result

    def close(self) -> None:
        """psycopg's; on another thread, as when garbage is collected, nothing is sent from between two queries."""
        # Left open, it is closed on the server by the reset at the request's end.
        if self.thread_id != get_ident():
            self._closed = True
        elif self.is_declared and not is_outlived(self):
            self.is_declared = False
            state_of(self).open_cursors -= 1  # type: ignore[union-attr]
        super().close()

    def _end(self) -> None:
        # Only these send something.
        with noted(self._conn):
            super()._end()

    def fetchone(self) -> Any:
        """psycopg's."""
        with fetching(self):
            return super().fetchone()

    def fetchmany(self, *args: Any, **kwargs: Any) -> Any:
        """psycopg's."""
        with fetching(self):
            return super().fetchmany(*args, **kwargs)

    def fetchall(self) -> Any:
        """psycopg's."""
        with fetching(self):
            return super().fetchall()

    def __next__(self) -> Any:
        with fetching(self):
            return super().__next__()

    def scroll(self, *args: Any, **kwargs: Any) -> None:
        """psycopg's."""
        with fetching(self):
            super().scroll(*args, **kwargs)


@remembering(16)
def noting(cursor_class: type) -> type:
    """The cursor class with NotingCursor before it."""
    if issubclass(cursor_class, NotingCursor):
        return cursor_class
    mixin = NotingServerCursor if issubclass(cursor_class, psycopg.ServerCursor) else NotingCursor
    return type(cursor_class.__name__, (mixin, cursor_class), {"__module__": __name__})


def remember_session(cursor: Any) -> None:
    """Note who has the connection while this cursor is made."""
    state = state_of(cursor)
    if state is not None:
        cursor.session_number = state.number
        cursor.thread_id = get_ident()
