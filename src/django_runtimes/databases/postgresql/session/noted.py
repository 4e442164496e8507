"""Context managers that note the statements of cursors and connections in their session's state."""

from _thread import get_ident
from contextlib import AbstractContextManager, nullcontext
from time import monotonic
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from django_runtimes.databases.postgresql.session.lexer import split_statements
from django_runtimes.databases.postgresql.session.state import CURSOR_OUTLIVED, SessionState
from django_runtimes.databases.postgresql.session.statements import text_of


def state_of(cursor: Any) -> SessionState | None:
    """Return the state of the cursor's session, or None."""
    return getattr(cursor._conn, "session", None)


def note(cursor: Any, query: object, *, is_several: bool = False) -> AbstractContextManager[object]:
    """Note a statement; running it in the returned context does not mark the session as changed a second time."""
    state = state_of(cursor)
    if state is None:
        return nullcontext()
    if cursor.session_number != state.number:
        require_session(cursor)
    was_needed = state.is_needed
    state.note(query, cursor)
    if was_needed or not state.is_needed or is_several:
        return Noted(state)
    return _NotedStatement(state, cursor, query)


def fetching(cursor: Any) -> AbstractContextManager[object]:
    """Return a context manager in which any thread may fetch; raise InterfaceError if the cursor outlived its session.

    A stream may be read on another thread for each part. The flag of `noted()` serves only the thread that opened the
    cursor, since that thread may run other statements at the same time.
    """
    require_session(cursor)
    state = state_of(cursor)
    if state is None:
        return nullcontext()
    state.fetched_at_s = monotonic()
    if cursor.thread_id == get_ident():
        return Noted(state)
    return _Reading(state, cursor.session_number)


def noted(connection: Any) -> AbstractContextManager[object]:
    """Return a context manager in which the connection may send without marking the session as changed."""
    state = getattr(connection, "session", None)
    return nullcontext() if state is None else Noted(state)


class Noted:
    """A block in which the connection may send without marking the session as changed."""

    __slots__ = ("_before", "_state")

    def __init__(self, state: SessionState) -> None:
        self._state = state

    def __enter__(self) -> None:
        self._before, self._state.is_noted = self._state.is_noted, True

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._state.is_noted = self._before


class _Reading:
    """A block in which this thread may fetch from a cursor of another thread while the cursor's session lasts."""

    __slots__ = ("_number", "_state")

    def __init__(self, state: SessionState, number: int) -> None:
        self._state = state
        self._number = number

    def __enter__(self) -> None:
        self._state.readers[get_ident()] = self._number

    def __exit__(self, *_: object) -> None:
        self._state.readers.pop(get_ident(), None)


class _NotedStatement(Noted):
    """A block for one statement, which leaves session state unless it fails."""

    __slots__ = ("_cursor", "_query")

    def __init__(self, state: SessionState, cursor: Any, query: object) -> None:
        super().__init__(state)
        self._cursor = cursor
        self._query = query

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        super().__exit__(kind)
        # If there were several statements, those before a COMMIT or outside a transaction may have taken effect.
        if (
            kind is not None
            and issubclass(kind, psycopg.Error)
            and self._cursor._conn.pgconn.transaction_status == TransactionStatus.IDLE
            and not _is_several(self._query, self._cursor)
        ):
            self._state.is_needed = False


def outlives_session(cursor: Any) -> bool:
    """Return whether the connection was given back or reset after the cursor was made."""
    return cursor.session_number is not None and cursor.session_number != cursor._conn.session.number


def require_session(cursor: Any) -> None:
    """Raise InterfaceError if the cursor outlived its session."""
    if outlives_session(cursor):
        raise psycopg.InterfaceError(CURSOR_OUTLIVED)


def _is_several(query: object, cursor: psycopg.Cursor[Any]) -> bool:
    # A procedure or a DO block may have committed before it failed.
    text = text_of(query, cursor)
    if text is None:
        return True
    statements = split_statements(text)
    return len(statements) > 1 or any(tokens[0].text in {"call", "do"} for tokens in statements)
