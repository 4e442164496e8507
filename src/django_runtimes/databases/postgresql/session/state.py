"""Tracks the state that statements may leave in a PostgreSQL session."""

from _thread import get_ident
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.adapt import AdaptersMap

from django_runtimes.databases.postgresql.session.statements import may_leave_state, text_of
from django_runtimes.databases.sockets.thread_kinds import keeps_connections

if TYPE_CHECKING:
    from django_runtimes.databases.postgresql.connections.stream_places import StreamPlace

DISCARD_ALL = b"DISCARD ALL"
# The owner of a connection that is in its pool.
NOBODY = 0
CURSOR_OUTLIVED = "this cursor's connection has gone back to its pool, or its session was reset; make a new cursor"

_LONGEST_REMEMBERED = 4096
# Attributes of psycopg's connection that an application may change.
_ATTRIBUTES = (
    *("autocommit", "row_factory", "cursor_factory", "server_cursor_factory"),
    *("isolation_level", "read_only", "deferrable", "prepare_threshold", "prepared_max"),
)
# The same attributes, read without psycopg's properties, which would be too slow at the end of every request.
_attributes_of = attrgetter(
    *("_autocommit", "row_factory", "cursor_factory", "server_cursor_factory"),
    *("_isolation_level", "_read_only", "_deferrable", "_prepared.prepare_threshold", "_prepared.prepared_max"),
)
# Attributes that a pool and this engine set on a connection.
_OURS = frozenset({"_pool", "_created_at", "_expire_at", "made_at_s", "rests_since", "session"})


class CompiledSQL(str):
    """A statement that Django's ORM compiled without any application SQL, so it leaves no session state.

    Any string operation returns a plain `str`, so a statement that is changed later is treated as unknown.
    """

    __slots__ = ()


class SessionState:
    """The state of one connection's session since it was last clean.

    `is_touched`: a statement may have left state that the next request must not see. `is_needed`: a statement may have
    left state that later statements of this thread rely on. `number` increases when the connection is given back or
    reset. `owner` is the thread that may use it: NOBODY while it is in a pool, None for any thread. `holder` returns
    the object that can give it back to its pool. `readers` are the threads that are fetching from a server-side cursor
    of another thread, with the session's number for which that cursor is valid.
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
        "fetched_at_s",
        "has_sequences",
        "holder",
        "is_needed",
        "is_noted",
        "is_resetting",
        "is_touched",
        "number",
        "open_cursors",
        "owner",
        "place",
        "readers",
    )

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.number = 0
        self.owner: int | None = None
        self.holder: Callable[[], Any] | None = None
        self.readers: dict[int, int] = {}
        # The place that the connection takes among those that streams may hold.
        self.place: StreamPlace | None = None
        # When a thread last opened a server-side cursor or fetched from one, in seconds of time.monotonic().
        self.fetched_at_s = 0.0
        self.is_noted = False
        # Whether Django's own statements mark the session as changed too, since triggers and views may set state.
        self.always_resets = False
        self.begin(connection)

    def begin(self, connection: psycopg.Connection[Any]) -> None:
        """Remember psycopg's side of a clean session for `restore()`."""
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
        # A thread that keeps its connection until the request ends never reads `is_needed`.
        if not self.is_needed and not keeps_connections():
            self.is_needed = _may_leave_state(query, cursor)

    def note_use(self) -> None:
        """Note that this thread sends something; raise InterfaceError if it may not use the connection.

        Call this with psycopg's lock held, so that no other thread gives the connection back at the same time.
        """
        if self.readers and (number := self.readers.get(get_ident())) is not None:
            if number != self.number:
                raise psycopg.InterfaceError(CURSOR_OUTLIVED)
            return
        self.require_owner()
        if not self.is_noted:
            self.is_touched = True

    def take(self) -> None:
        """Make this thread the owner, and end all cursors; call this with psycopg's lock held."""
        self.owner = get_ident()
        self.number += 1

    def require_owner(self) -> None:
        """Raise InterfaceError on a thread that does not have the connection, or has given it back."""
        if self.owner is not None and self.owner != get_ident():
            raise psycopg.InterfaceError(
                "this connection has gone back to its pool; get one from django.db.connection, and keep a "
                "transaction open if several statements must share it"
            )

    def reset_statement(self) -> bytes | None:
        """Return the statement that resets the session, or None if it is clean."""
        if self.is_touched or self.open_cursors:
            return DISCARD_ALL
        return b"DISCARD SEQUENCES" if self.has_sequences else None

    def restore(self, connection: psycopg.Connection[Any]) -> None:
        """Restore psycopg's side of the session and drop attributes that were added; call this outside transactions.

        Close a connection in pipeline mode, because no client reads the server's outstanding answers.
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
        # Drop unread notifications, open transaction() blocks, and unfinished two-phase commits.
        connection._notifies_backlog = deque()
        connection._num_transactions = 0
        connection._tpc = None
        if len(present := vars(connection)) != self._known_count:
            for name in present.keys() - self._known:
                del present[name]
            self._known_count = len(present)
        if not _are_shared(connection.adapters, self._adapters):
            # A dumper that the application registered may have written SQL into the ORM's statements.
            self.is_touched = True
            connection._adapters = AdaptersMap(self._adapters)

    def keep_adapters(self, connection: psycopg.Connection[Any]) -> None:
        """Remember the connection's adapters as they are now."""
        self._adapters = AdaptersMap(connection.adapters)

    def clear(self) -> None:
        """Record that the session on the server is clean again."""
        self.is_touched = self.is_needed = self.is_resetting = self.has_sequences = False
        self.open_cursors = 0
        self.number += 1


def _handlers(connection: psycopg.Connection[Any]) -> tuple[list[Any], list[Any]]:
    return connection._notice_handlers, connection._notify_handlers


def _callbacks(pgconn: Any) -> tuple[Any, Any]:
    return pgconn.notice_handler, pgconn.notify_handler


def _are_shared(adapters: AdaptersMap, template: AdaptersMap) -> bool:
    """Return whether nothing was registered; comparing is fast, since an unchanged map shares its template's parts."""
    return (
        adapters.types._registry is template.types._registry
        and adapters._dumpers == template._dumpers
        and adapters._dumpers_by_oid == template._dumpers_by_oid
        and adapters._loaders == template._loaders
    )


def _may_leave_state(query: object, cursor: psycopg.Cursor[Any]) -> bool:
    text = text_of(query, cursor)
    if text is None:
        return True
    return _remembered(text) if len(text) <= _LONGEST_REMEMBERED else may_leave_state(text)


# The results are cached, because applications repeat the same few statements.
_remembered = lru_cache(maxsize=512)(may_leave_state)
