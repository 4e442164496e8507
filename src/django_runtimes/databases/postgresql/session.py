"""What one request may leave in a PostgreSQL session, noted while its statements run."""

import threading
from _thread import get_ident
from collections import deque
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from operator import attrgetter
from typing import Any

import psycopg
from psycopg.adapt import AdaptersMap
from psycopg.generators import execute
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.sql import Composable

from django_runtimes.databases.postgresql.lexer import split_statements
from django_runtimes.databases.postgresql.remembering import remembering
from django_runtimes.databases.postgresql.session_statements import may_leave_state
from django_runtimes.databases.postgresql.types import CursorBase

DISCARD_ALL = b"DISCARD ALL"
# The owner of a connection that is in its pool.
NOBODY = 0

_LONGEST_REMEMBERED = 4096
_ANSWERS = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK, ExecStatus.EMPTY_QUERY})
# What an application may change on psycopg's connection itself.
_ATTRIBUTES = (
    *("autocommit", "row_factory", "cursor_factory", "server_cursor_factory"),
    *("isolation_level", "read_only", "deferrable", "prepare_threshold", "prepared_max"),
)
# The same without psycopg's properties, each of which is a call: this is read at every request's end.
_attributes_of = attrgetter(
    *("_autocommit", "row_factory", "cursor_factory", "server_cursor_factory"),
    *("_isolation_level", "_read_only", "_deferrable", "_prepared.prepare_threshold", "_prepared.prepared_max"),
)
# What a pool, and this engine, set on a connection themselves.
_OURS = frozenset({"_pool", "_created_at", "_expire_at", "made_at_s", "rests_since", "session"})


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
    `owner` is the thread that may use it; NOBODY while it is in a pool, None for any.
    """

    is_noted: bool
    is_needed: bool
    __slots__ = (
        "_adapters",
        "_attributes",
        "_callbacks",
        "_handlers",
        "_known",
        "_known_count",
        "always_resets",
        "has_sequences",
        "is_needed",
        "is_noted",
        "is_resetting",
        "is_touched",
        "number",
        "open_cursors",
        "owner",
    )

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.number = 0
        self.owner: int | None = None
        self.is_noted = False
        # Statements of Django's ORM count too: triggers and views may set state.
        self.always_resets = False
        self.begin(connection)

    def begin(self, connection: psycopg.Connection[Any]) -> None:
        """Remember what psycopg keeps of the session: it is as every request is to find it."""
        self._attributes = _attributes_of(connection)
        self._handlers = [(handlers, handlers.copy()) for handlers in _handlers(connection)]
        self._callbacks = _callbacks(connection.pgconn)
        self._known = frozenset(vars(connection)) | _OURS
        self._known_count = len(vars(connection))
        self.keep_adapters(connection)
        self.clear()

    def note(self, query: object, cursor: psycopg.Cursor[Any]) -> None:
        """Note a statement that is about to run."""
        if type(query) is CompiledSQL:
            if self.always_resets:
                self.is_touched = True
            elif query.startswith("INSERT"):
                self.has_sequences = True
            return
        self.is_touched = True
        # A thread that keeps its connection to the request's end never asks.
        if not self.is_needed and not keeps_connections():
            self.is_needed = _may_leave_state(query, cursor)

    def require_owner(self) -> None:
        """InterfaceError on a thread that does not have the connection, or has given it back."""
        if self.owner is not None and self.owner != get_ident():
            raise psycopg.InterfaceError(
                "this connection has gone back to its pool; ask django.db.connection for one, and keep a "
                "transaction open where several statements have to share it"
            )

    def reset_statement(self) -> bytes | None:
        """What clears the session; None when the ORM alone used it, and left nothing."""
        if self.is_touched or self.open_cursors:
            return DISCARD_ALL
        return b"DISCARD SEQUENCES" if self.has_sequences else None

    def restore(self, connection: psycopg.Connection[Any]) -> None:
        """Set it as it was remembered, and drop what else was put on the connection; not in a transaction.

        A connection that is in pipeline mode is closed: what the server still answers is nobody's.
        """
        if connection._pipeline is not None:
            connection.close()
            return
        if (attributes := _attributes_of(connection)) != self._attributes:
            for name, value, remembered in zip(_ATTRIBUTES, attributes, self._attributes, strict=True):
                if value != remembered:
                    setattr(connection, name, remembered)
        for handlers, remembered in self._handlers:
            if handlers != remembered:
                handlers[:] = remembered
        if _callbacks(connection.pgconn) != self._callbacks:
            connection.pgconn.notice_handler, connection.pgconn.notify_handler = self._callbacks
        # Notifications that nobody has read, blocks of transaction() that nobody left, and two-phase commits that
        # failed or were prepared, and not finished.
        connection._notifies_backlog = deque()
        connection._num_transactions = 0
        connection._tpc = None
        if len(present := vars(connection)) != self._known_count:
            for name in present.keys() - self._known:
                del present[name]
            self._known_count = len(present)
        if not _are_shared(connection.adapters, self._adapters):
            # A dumper of the application's writes SQL into statements of the ORM.
            self.is_touched = True
            connection._adapters = AdaptersMap(self._adapters)

    def keep_adapters(self, connection: psycopg.Connection[Any]) -> None:
        """Remember the connection's adapters as they are now."""
        self._adapters = AdaptersMap(connection.adapters)

    def clear(self) -> None:
        """The session on the server is as it was when this began."""
        self.is_touched = self.is_needed = self.is_resetting = self.has_sequences = False
        self.open_cursors = 0
        self.number += 1


class WatchedConnection(psycopg.Connection[Any]):
    """psycopg's, which sees also what no cursor of this module has noted, and serves one thread at a time."""

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
        with self.lock, _noted(self):
            self.pgconn.send_query(question)
            result = self.wait(execute(self.pgconn))[-1]
        if result.status not in _ANSWERS:
            raise psycopg.OperationalError(result.get_error_message())

    def commit(self) -> None:
        """psycopg's."""
        with _noted(self):
            super().commit()

    def set_autocommit(self, value: bool) -> None:  # noqa: FBT001  (psycopg's signature)
        """psycopg's, which sends nothing."""
        with _noted(self):
            super().set_autocommit(value)

    def rollback(self) -> None:
        """psycopg's."""
        with _noted(self):
            super().rollback()


@remembering(16)
def watched(connection_class: type) -> type:
    """The connection class with what WatchedConnection adds."""
    if issubclass(connection_class, WatchedConnection):
        return connection_class
    if issubclass(WatchedConnection, connection_class):
        return WatchedConnection
    return type(connection_class.__name__, (WatchedConnection, connection_class), {"__module__": __name__})


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
        with _note(self, query):
            return super().execute(query, *args, **kwargs)

    def executemany(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """psycopg's."""
        with _note(self, query, is_several=True):
            return super().executemany(query, *args, **kwargs)

    def stream(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """psycopg's."""
        _note(self, query)
        return super().stream(query, *args, **kwargs)

    def copy(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
        """psycopg's."""
        _note(self, statement)
        return super().copy(statement, *args, **kwargs)

    def close(self) -> None:
        """psycopg's; a connection that this cursor was the last to need may go back to its pool."""
        if _is_outlived(self):
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
        if not self.is_declared and (state := _state_of(self)) is not None:
            state.open_cursors += 1
            self.is_declared = True
        return result

    def close(self) -> None:
        """psycopg's; on another thread, as when garbage is collected, nothing is sent from between two queries."""
        # Left open, it is closed on the server by the reset at the request's end.
        if self.thread_id != get_ident():
            self._closed = True
        elif self.is_declared and not _is_outlived(self):
            self.is_declared = False
            _state_of(self).open_cursors -= 1  # type: ignore[union-attr]
        super().close()

    def _end(self) -> None:
        # Only these send something.
        with _noted(self._conn):
            super()._end()

    def fetchone(self) -> Any:
        """psycopg's."""
        with _fetching(self):
            return super().fetchone()

    def fetchmany(self, *args: Any, **kwargs: Any) -> Any:
        """psycopg's."""
        with _fetching(self):
            return super().fetchmany(*args, **kwargs)

    def fetchall(self) -> Any:
        """psycopg's."""
        with _fetching(self):
            return super().fetchall()

    def __next__(self) -> Any:
        with _fetching(self):
            return super().__next__()

    def scroll(self, *args: Any, **kwargs: Any) -> None:
        """psycopg's."""
        with _fetching(self):
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
    state = _state_of(cursor)
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


def _handlers(connection: psycopg.Connection[Any]) -> tuple[list[Any], list[Any]]:
    return connection._notice_handlers, connection._notify_handlers


def _callbacks(pgconn: Any) -> tuple[Any, Any]:
    return pgconn.notice_handler, pgconn.notify_handler


def _are_shared(adapters: AdaptersMap, template: AdaptersMap) -> bool:
    """Whether nothing was registered: until then a map shares what its template has, which compares fast."""
    return (
        adapters.types._registry is template.types._registry
        and adapters._dumpers == template._dumpers
        and adapters._dumpers_by_oid == template._dumpers_by_oid
        and adapters._loaders == template._loaders
    )


def _state_of(cursor: Any) -> SessionState | None:
    return getattr(cursor._conn, "session", None)


def _note(cursor: Any, query: object, *, is_several: bool = False) -> AbstractContextManager[object]:
    state = _state_of(cursor)
    if state is None:
        return nullcontext()
    if cursor.session_number != state.number:
        _require_session(cursor)
    was_needed = state.is_needed
    state.note(query, cursor)
    if was_needed or not state.is_needed or is_several:
        return _Noted(state)
    return _NotedStatement(state, cursor, query)


def _fetching(cursor: Any) -> AbstractContextManager[object]:
    _require_session(cursor)
    return _noted(cursor._conn)


def _noted(connection: Any) -> AbstractContextManager[object]:
    state = getattr(connection, "session", None)
    return nullcontext() if state is None else _Noted(state)


class _Noted:
    """What is sent within the block is known."""

    __slots__ = ("_before", "_state")

    def __init__(self, state: SessionState) -> None:
        self._state = state

    def __enter__(self) -> None:
        self._before, self._state.is_noted = self._state.is_noted, True

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._state.is_noted = self._before


class _NotedStatement(_Noted):
    """The same for a statement that may leave something the thread needs, unless it fails."""

    __slots__ = ("_cursor", "_query")

    def __init__(self, state: SessionState, cursor: Any, query: object) -> None:
        super().__init__(state)
        self._cursor = cursor
        self._query = query

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        super().__exit__(kind)
        # Of several statements, one before a COMMIT or outside any transaction may have had its effect.
        if (
            kind is not None
            and issubclass(kind, psycopg.Error)
            and self._cursor._conn.pgconn.transaction_status == TransactionStatus.IDLE
            and not _is_several(self._query, self._cursor)
        ):
            self._state.is_needed = False


def _is_outlived(cursor: Any) -> bool:
    return cursor.session_number is not None and cursor.session_number != cursor._conn.session.number


def _require_session(cursor: Any) -> None:
    if _is_outlived(cursor):
        raise psycopg.InterfaceError(
            "this cursor's connection has gone back to its pool, or its session was reset; make a new cursor"
        )


def _is_several(query: object, cursor: psycopg.Cursor[Any]) -> bool:
    # What a procedure or a DO block has committed stays.
    text = _text_of(query, cursor)
    if text is None:
        return True
    statements = split_statements(text)
    return len(statements) > 1 or any(tokens[0].text in {"call", "do"} for tokens in statements)


def _text_of(query: object, cursor: psycopg.Cursor[Any]) -> str | None:
    match query:
        case str():
            return query
        case bytes():
            return query.decode(errors="replace")
        case Composable():
            return query.as_string(cursor)
        case _:
            return None


def _may_leave_state(query: object, cursor: psycopg.Cursor[Any]) -> bool:
    text = _text_of(query, cursor)
    if text is None:
        return True
    return _remembered(text) if len(text) <= _LONGEST_REMEMBERED else may_leave_state(text)


# Applications send the same few statements over and over.
_remembered = lru_cache(maxsize=512)(may_leave_state)
