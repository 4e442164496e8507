"""The mixin that changes how a DatabaseWrapper for PostgreSQL opens, resets and closes its connection."""

from _thread import get_ident
from functools import partial
from typing import Any
from weakref import ref

import psycopg
from psycopg import sql

from django_runtimes.databases.postgresql.creation import with_all_pools
from django_runtimes.databases.postgresql.database_operations import with_marks
from django_runtimes.databases.postgresql.handover import HandoverMixin
from django_runtimes.databases.postgresql.session.cursors import noting, remember_session
from django_runtimes.databases.postgresql.session.state import CompiledSQL
from django_runtimes.databases.sockets.thread_kinds import keeps_connections
from django_runtimes.serving.current_request import current_request, is_streaming


class DatabaseWrapperMixin(HandoverMixin):
    """Fetches credentials for each new connection, and drops connections after a fork or a freeze.

    It precedes the DatabaseWrapper of Django, of GeoDjango or of an engine derived from them, and extends that
    wrapper's operations, client and creation classes too.

    Session state never reaches another request. A thread that does not serve whole requests gives a pooled connection
    back after each query, unless a transaction, an open cursor or session state needs it.
    The entry in DATABASES may set ALWAYS_RESET, CREDENTIALS, MAX_REST_S and ROUTE
    (django_runtimes.config.databases.database_settings).
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.ops_class = with_marks(cls.ops_class)
        cls.creation_class = with_all_pools(cls.creation_class)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The compilers count these (django_runtimes.databases.postgresql.compiler).
        self.unknown_expressions = 0

    # This is a property, since every use of the connection reads the attribute. Overriding the methods that Django
    # calls first would not work: tools replace these methods on Django's own class, and call ours from there.
    @property
    def connection(self) -> Any:
        """psycopg's connection; on an executor's thread, a session that another request used is reset first."""
        connection = vars(self)["connection"]
        if connection is not None and self._request is not current_request.get():
            self._begin_request()
            return vars(self)["connection"]
        return connection

    @connection.setter
    def connection(self, connection: Any) -> None:
        vars(self)["connection"] = connection

    # `atomic` reads this before anything else.
    @property
    def in_atomic_block(self) -> bool:
        """Whether an `atomic` block is open; on an executor's thread, another request's block is rolled back first."""
        is_open: bool = vars(self)["in_atomic_block"]
        if is_open and self._request is not current_request.get():
            self._begin_request()
            return bool(vars(self)["in_atomic_block"])
        return is_open

    @in_atomic_block.setter
    def in_atomic_block(self, is_open: bool) -> None:
        vars(self)["in_atomic_block"] = is_open

    def connect(self) -> None:
        """Connect as Django does, and prepare the new connection's session state."""
        self._request = current_request.get()
        self._has_lost_cursor = False
        with self._at_work:
            super().connect()
        if self.connection is None:
            # A receiver of `connection_created` has closed the connection.
            return
        session = self.connection.session
        session.is_needed = False
        if self.allow_thread_sharing:
            session.owner = None
        if self.connection._pool is None:
            # State that receivers of `connection_created` set belongs to the connection for its whole life.
            session.begin(self.connection)
        elif not keeps_connections():
            session.holder = ref(self)
        self._note_request()

    def inc_thread_sharing(self) -> None:
        """Let any thread use the connection until `dec_thread_sharing()`."""
        super().inc_thread_sharing()
        if self.connection is not None:
            self.connection.session.owner = None

    def dec_thread_sharing(self) -> None:
        """Undo one `inc_thread_sharing()`; without sharing, only its own thread may use a pooled connection."""
        super().dec_thread_sharing()
        connection = self.connection
        if connection is not None and connection._pool is not None and not self.allow_thread_sharing:
            connection.session.owner = self._thread_ident

    def close(self) -> None:
        """Close the connection as Django does, or give it back to its pool."""
        with self._at_work:
            super().close()
            if self.connection is None:
                self._open_cursors.clear()

    def _cursor(self, name: str | None = None) -> Any:
        with self._at_work:
            if name is not None and is_streaming():
                self._connect_for_stream()
            return super()._cursor(name)

    def create_cursor(self, name: str | None = None) -> Any:
        """Return Django's cursor, extended to note its statements."""
        cursor = super().create_cursor(name)
        if name is not None:
            # Django makes server-side cursors from its own class, not with the connection's factory.
            cursor.__class__ = noting(type(cursor))
            remember_session(cursor)
        if not keeps_connections():
            forget_cursor = partial(self._forget_cursor, id(cursor))
            cursor.on_close = forget_cursor
            # Many cursors are dropped without being closed.
            self._open_cursors[id(cursor)] = ref(cursor, forget_cursor)
            if name is not None:
                cursor.request = current_request.get()
        return cursor

    def set_autocommit(self, *args: Any, **kwargs: Any) -> None:
        """Set autocommit as Django does, then release the connection: `atomic` calls this at its end."""
        with self._at_work:
            super().set_autocommit(*args, **kwargs)
        self.release()

    def evict(self) -> None:
        """Close this connection and its pool's idle ones, so that the next connection is new.

        Use it for a connection that works but is useless, such as one to a server that a failover made read-only.
        """
        connection = self.connection
        if connection is None:
            return
        pool = connection._pool
        # This gives the closed connection back to its pool.
        super().evict()
        if pool is not None:
            pool.renew(connection)

    def _close_if_unusable_or_obsolete(self) -> None:
        with self._at_work:
            if self.connection._pool is None and self.settings_dict["CONN_MAX_AGE"] != 0 and not self.in_atomic_block:
                self._reset_session()
                if self.connection is None:
                    return
            super()._close_if_unusable_or_obsolete()

    def is_usable(self) -> bool:
        """Return whether the server answers, as Django does, but leave no session state."""
        if self.connection is None:
            return False
        try:
            self.connection.ask(b"SELECT 1")
        except psycopg.Error:
            return False
        return True

    def _configure_role(self, connection: psycopg.Connection) -> bool:
        # Django's method composes the statement with this wrapper's cursor, which would wait for the pool while the
        # pool is still making this connection.
        role = self.settings_dict["OPTIONS"].get("assume_role")
        if role:
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Literal(role)))
        return bool(role)

    def _forget_cursor(self, key: int, _: object) -> None:
        self._open_cursors.pop(key, None)
        # The garbage collector may drop a cursor on any thread.
        if get_ident() == self._thread_ident:
            self.release()
        else:
            # That thread may hold any lock, so it only sets a flag, which the pool checks when it is empty.
            self._has_lost_cursor = True

    def _savepoint(self, sid: str) -> None:
        with self.cursor() as cursor:
            cursor.execute(CompiledSQL(self.ops.savepoint_create_sql(sid)))

    def _savepoint_rollback(self, sid: str) -> None:
        with self.cursor() as cursor:
            cursor.execute(CompiledSQL(self.ops.savepoint_rollback_sql(sid)))

    def _savepoint_commit(self, sid: str) -> None:
        with self.cursor() as cursor:
            cursor.execute(CompiledSQL(self.ops.savepoint_commit_sql(sid)))

    def _close(self) -> None:
        # Django's method checks whether the entry has a pool now, not whether the connection came from one.
        connection = self.connection
        if connection is None:
            return
        pool = connection._pool
        with self.wrap_database_errors:
            if pool is None:
                connection.close()
                return
            pool.putconn(connection)
            self.connection = None
