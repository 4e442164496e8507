"""Gets a wrapper's connections from its alias's pool, or opens them with current credentials."""

from collections.abc import Callable
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import NO_DB_ALIAS

from django_runtimes.config.secret import Secret
from django_runtimes.databases.credentials.provider import provider_of
from django_runtimes.databases.postgresql.connections.connecting import FAILED_LOGINS, leave_to_parent
from django_runtimes.databases.postgresql.session.connection import watched
from django_runtimes.databases.postgresql.session.cursors import noting
from django_runtimes.databases.postgresql.session.state import SessionState
from django_runtimes.databases.postgresql.types import WrapperBase
from django_runtimes.databases.sockets.fork import pools, pools_changing
from django_runtimes.databases.sockets.login_attempt import open_connection
from django_runtimes.databases.sockets.socket_wrapper import SocketWrapperMixin

if TYPE_CHECKING:
    from django_runtimes.databases.postgresql.connections.pool import RecoveringPool

_read_by_pool = itemgetter("NAME", "HOST", "PORT", "USER", "PASSWORD", "OPTIONS", "TIME_ZONE")


class ConnectionSourceMixin(SocketWrapperMixin, WrapperBase):
    """Opens each connection with current credentials, through the alias's pool if its entry has one."""

    failed_logins = FAILED_LOGINS
    _connection_pools: "dict[str, RecoveringPool]" = pools
    # This is set only while Django takes a connection: Django reads `pool` three times, and must get the same pool.
    _used_pool: "RecoveringPool | None" = None

    @property
    def pool(self) -> "RecoveringPool | None":
        """The pool for this alias's current entry in DATABASES, or None.

        It is created on first use, opened by the first query, and replaced when the entry changes, for example when a
        test runner creates its database. The old pool is closed, and closes connections in use once they are given
        back.
        """
        if self._used_pool is not None:
            return self._used_pool
        if not self._is_pooled:
            return None
        present = self._connection_pools.get(self.alias)
        if present is not None and present.made_for == _made_for(self.settings_dict):
            return present
        return self._replace_pool(present)

    def close_pool(self) -> None:
        """Close this alias's pool; Django's method would first create a pool for a changed entry."""
        pool = self._connection_pools.pop(self.alias, None)
        if pool is not None:
            pool.close()

    def get_connection_params(self) -> dict[str, Any]:
        """Return psycopg's arguments with current credentials; raise CredentialsError if there are none.

        With a pool they have no credentials: the pool fetches them when it opens a connection.
        """
        # The login is added below, and the socket engines' method would add it to the pool's arguments too.
        parameters = super(SocketWrapperMixin, self).get_connection_params()
        if "password" in parameters:
            # In DATABASES the password may be a plain `str`.
            parameters["password"] = Secret(parameters["password"])
        parameters["cursor_factory"] = noting(parameters["cursor_factory"])
        return parameters if self._is_pooled else self._with_login(parameters)

    def get_new_connection(self, conn_params: dict[str, Any]) -> psycopg.Connection:
        """Return a connection from the pool, or a new one."""
        if self._is_pooled:
            # Django's method takes the connection from the pool, which logs in itself.
            return self._pooled_connection(super(SocketWrapperMixin, self).get_new_connection, conn_params)
        connection: psycopg.Connection[Any] = super().get_new_connection(conn_params)
        _note_statements(connection, self.settings_dict)
        return connection

    def leave_to_parent(self, connection: psycopg.Connection) -> None:
        """In a child process, close the parent's connection without sending anything to the server."""
        leave_to_parent(connection)

    @property
    def _is_pooled(self) -> bool:
        return bool(self.settings_dict["OPTIONS"].get("pool")) and self.alias != NO_DB_ALIAS

    def _pooled_connection(
        self, make: Callable[..., psycopg.Connection], parameters: dict[str, Any]
    ) -> psycopg.Connection:
        while True:
            pool = self._used_pool = self.pool
            try:
                return make(parameters)
            except psycopg.OperationalError:
                self._used_pool = None
                # Another thread may have replaced and closed the pool.
                if pool is self.pool:
                    raise
            finally:
                self._used_pool = None

    def _replace_pool(self, old: "RecoveringPool | None") -> "RecoveringPool":
        options = self.settings_dict["OPTIONS"]["pool"]
        new = self._make_pool({} if options is True else options)
        pools = self._connection_pools
        with pools_changing():
            # If two threads get here at once, the first one's pool is kept; the other pool was never opened.
            present = pools.get(self.alias)
            if present is not old and present is not None and present.made_for == new.made_for:
                return present
            pools[self.alias] = new
        if present is not None:
            # The old pool's threads end at once unless they are connecting.
            present.close(timeout=1.0)
        return new

    def _make_pool(self, options: dict[str, Any]) -> "RecoveringPool":
        if self.settings_dict["CONN_MAX_AGE"] != 0:
            raise ImproperlyConfigured("Pooling doesn't support persistent connections.")
        # Imported here because it would slow down cold starts on Lambda, which uses no pool.
        from django_runtimes.databases.postgresql.connections.pool import PooledConnection, RecoveringPool

        # The pool's threads open connections at any time, and must not see later changes to this entry.
        entry = {**self.settings_dict, "OPTIONS": _copy_of(self.settings_dict["OPTIONS"])}
        template = type(self)(entry, self.alias)

        def parameters() -> dict[str, Any]:
            # Django changes autocommit itself where it needs to.
            return {**template._pool_parameters(), "autocommit": True}

        def make() -> PooledConnection:
            connection = open_connection(
                lambda used: PooledConnection.connect(**used), parameters, provider_of(entry), FAILED_LOGINS
            )
            _note_statements(connection, entry)
            return connection

        return RecoveringPool(
            make,
            made_for=_made_for(entry),
            configure=template._configure_connection,
            check=entry["CONN_HEALTH_CHECKS"],
            max_rest_s=entry.get("MAX_REST_S"),
            replaces_touched=self._replaces_touched,
            **options,
        )

    def _pool_parameters(self) -> dict[str, Any]:
        return self._with_login(self.get_connection_params())


def _made_for(entry: dict[str, Any]) -> tuple[Any, ...]:
    """Return the parts of the entry that a new pool reads; they are compared several times per request."""
    get = entry.get
    return (*_read_by_pool(entry), get("CREDENTIALS"), get("ROUTE"), get("MAX_REST_S"), get("ALWAYS_RESET"))


def _copy_of(options: dict[str, Any]) -> dict[str, Any]:
    """Copy the options and the dictionaries nested in them; other values are shared."""
    return {name: _copy_of(value) if isinstance(value, dict) else value for name, value in options.items()}


def _note_statements(connection: Any, entry: dict[str, Any]) -> None:
    # The class is set afterwards, because Django connects through psycopg's own function, which takes no class.
    connection.__class__ = watched(connection.__class__)
    connection.server_cursor_factory = noting(connection.server_cursor_factory)
    connection.session = SessionState(connection)
    connection.session.always_resets = bool(entry.get("ALWAYS_RESET"))
