"""psycopg's cursors, extended to note their statements in the session's state."""

from _thread import get_ident
from collections.abc import Mapping
from time import monotonic
from typing import Any
from weakref import ref

import psycopg

from django_runtimes.databases.postgresql.session.noted import fetching, note, noted, outlives_session, state_of
from django_runtimes.databases.postgresql.types import CursorBase
from django_runtimes.databases.sockets.class_cache import class_cache
from django_runtimes.serving.current_request import Request

# A server-side cursor of a request that is over is abandoned after this time without a fetch.
ABANDONED_AFTER_S = 2.0


class NotingCursor(CursorBase):
    """A mixin for psycopg's cursors that notes each statement in the connection's SessionState.

    A cursor kept after its connection was given back cannot disturb the connection's next user: its statements raise
    InterfaceError, and closing it sends nothing.
    """

    session_number: int | None = None
    thread_id = 0

    def __init__(self, connection: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(connection, *args, **kwargs)
        remember_session(self)

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """Note the statement, then execute it as psycopg does."""
        with note(self, query):
            return super().execute(query, *args, **kwargs)

    def executemany(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """Note the statement, then execute it as psycopg does."""
        with note(self, query, is_several=True):
            return super().executemany(query, *args, **kwargs)

    def stream(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """Note the statement, then stream its rows as psycopg does."""
        note(self, query)
        return super().stream(query, *args, **kwargs)

    def copy(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
        """Note the statement, then copy as psycopg does."""
        note(self, statement)
        return super().copy(statement, *args, **kwargs)

    def close(self) -> None:
        """Close as psycopg does; if no other cursor needs the connection, it may go back to its pool."""
        if outlives_session(self):
            self._closed = True
        elif not self._closed:
            self._end()
        on_close = self.__dict__.pop("on_close", None)
        if on_close is not None:
            on_close(self)

    def _end(self) -> None:
        super().close()


class NotingServerCursor(NotingCursor):
    """The same mixin for server-side cursors, whose rows stay on the server until they are fetched."""

    is_declared = False
    # The request that opened the cursor on an executor's thread, or None.
    request: Request | None = None

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        """Note the statement, execute it as psycopg does, and count the cursor as open on the server."""
        result = super().execute(*args, **kwargs)
        if not self.is_declared and (state := state_of(self)) is not None:
            state.open_cursors += 1
            state.fetched_at_s = monotonic()
            self.is_declared = True
        return result

    def close(self) -> None:
        """Close as psycopg does; on another thread, for example in garbage collection, send nothing."""
        # If the cursor stays open on the server, the reset at the request's end closes it.
        if self.thread_id != get_ident():
            self._closed = True
        elif self.is_declared and not outlives_session(self):
            self.is_declared = False
            state_of(self).open_cursors -= 1  # type: ignore[union-attr]
        super().close()

    def _end(self) -> None:
        # Only server-side cursors send a statement when they close.
        with noted(self._conn):
            super()._end()

    def fetchone(self) -> Any:
        """Fetch as psycopg does; raise InterfaceError if the cursor's session has ended."""
        with fetching(self):
            return super().fetchone()

    def fetchmany(self, *args: Any, **kwargs: Any) -> Any:
        """Fetch as psycopg does; raise InterfaceError if the cursor's session has ended."""
        with fetching(self):
            return super().fetchmany(*args, **kwargs)

    def fetchall(self) -> Any:
        """Fetch as psycopg does; raise InterfaceError if the cursor's session has ended."""
        with fetching(self):
            return super().fetchall()

    def __next__(self) -> Any:
        with fetching(self):
            return super().__next__()

    def scroll(self, *args: Any, **kwargs: Any) -> None:
        """Scroll as psycopg does; raise InterfaceError if the cursor's session has ended."""
        with fetching(self):
            super().scroll(*args, **kwargs)


@class_cache(16)
def noting(cursor_class: type) -> type:
    """Return the cursor class with NotingCursor or NotingServerCursor before it."""
    if issubclass(cursor_class, NotingCursor):
        return cursor_class
    mixin = NotingServerCursor if issubclass(cursor_class, psycopg.ServerCursor) else NotingCursor
    return type(cursor_class.__name__, (mixin, cursor_class), {"__module__": __name__})


def remember_session(cursor: Any) -> None:
    """Record the session and the thread that the cursor belongs to."""
    state = state_of(cursor)
    if state is not None:
        cursor.session_number = state.number
        cursor.thread_id = get_ident()


def alive(cursors: Mapping[int, ref[Any]]) -> list[Any]:
    """Return the cursors that still exist; other threads may remove some at the same time."""
    return [cursor for each in dict(cursors).values() if (cursor := each()) is not None]


def is_abandoned(cursor: Any) -> bool:
    """Return whether the cursor's request is over and no thread has fetched from it for a while.

    A task that outlives its request reads on sooner. The generator of a stream whose client has left does not.
    """
    request = getattr(cursor, "request", None)
    state = state_of(cursor)
    return (
        request is not None
        and request.is_over
        and state is not None
        and monotonic() - state.fetched_at_s > ABANDONED_AFTER_S
    )


def is_declared(cursor: Any) -> bool:
    """Return whether this is a server-side cursor that is open in its session."""
    return getattr(cursor, "is_declared", False) and not cursor.closed and not outlives_session(cursor)
