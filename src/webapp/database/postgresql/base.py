"""The connection that Django's models use: Django's own but for how it is made and given up."""

import os
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base

from webapp.config.secret import Secret
from webapp.database.credentials.provider import provider_of
from webapp.database.moment import Moment
from webapp.database.postgresql.client import DatabaseClient
from webapp.database.postgresql.connecting import connect, leave_to_parent

if TYPE_CHECKING:
    from webapp.database.postgresql.pool import RecoveringPool


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's engine, with the login fetched when a connection is made and nothing kept across a fork or a freeze.

    Reads CREDENTIALS and MAX_REST_S from its entry of DATABASES (webapp.config.database).
    """

    client_class = DatabaseClient
    _connection_pools: "dict[str, RecoveringPool]" = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._let_go_at: Moment | None = None
        _wrappers.add(self)

    @property
    def pool(self) -> "RecoveringPool | None":
        """The pool of this alias, made on first use and opened by the first query; None without one."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        if self.alias not in self._connection_pools:
            # Of two threads that come at once the first one's is kept; the other was not opened.
            self._connection_pools.setdefault(self.alias, self._make_pool({} if options is True else options))
        return self._connection_pools[self.alias]

    def get_connection_params(self) -> dict[str, Any]:
        """psycopg's arguments, with a login that is good now; CredentialsError when there is none.

        With a pool, without one: checking a connection out needs none, and the pool asks when it makes one.
        """
        parameters = super().get_connection_params()
        if "password" in parameters:
            # Whoever edits DATABASES by hand writes plain text.
            parameters["password"] = Secret(parameters["password"])
        return parameters if self.pool is not None else self._with_login(parameters)

    def get_new_connection(self, conn_params: dict[str, Any]) -> psycopg.Connection:
        """A connection from the pool, or a new one."""
        make = super().get_new_connection
        if self.pool is not None:
            return make(conn_params)
        first = [conn_params]
        return connect(
            make, lambda: first.pop() if first else self.get_connection_params(), provider_of(self.settings_dict)
        )

    def evict(self) -> None:
        """Close this connection for good, and the idle ones of its pool, so that the next one is new.

        For a connection that works and is of no use, as one to a server that a failover has made read-only.
        """
        connection, pool = self.connection, self.pool
        if connection is None:
            return
        connection.close()
        # Gives a pool its connection back, closed.
        self.close()
        if pool is not None:
            pool.renew(connection)

    def close_if_unusable_or_obsolete(self) -> None:
        """Django's, called where a request begins and ends; a connection that rested too long goes without a check."""
        if self.connection is None:
            self._let_go_at = None
            return
        max_rest_s = self.settings_dict.get("MAX_REST_S")
        rested_at, self._let_go_at = self._let_go_at, Moment.now()
        if rested_at is not None and max_rest_s is not None and rested_at.age_s > max_rest_s:
            self.close()
        else:
            super().close_if_unusable_or_obsolete()

    def _with_login(self, parameters: dict[str, Any]) -> dict[str, Any]:
        if provider := provider_of(self.settings_dict):
            login = provider.login()
            return {**parameters, "user": login.user, "password": login.password}
        return parameters

    def _make_pool(self, options: dict[str, Any]) -> "RecoveringPool":
        if self.settings_dict["CONN_MAX_AGE"] != 0:
            raise ImproperlyConfigured("Pooling doesn't support persistent connections.")
        # Costs Lambda's cold start, which has no pool.
        from webapp.database.postgresql.pool import PooledConnection, RecoveringPool

        def parameters() -> dict[str, Any]:
            # Django sets autocommit as it needs it.
            return {**self._with_login(self.get_connection_params()), "autocommit": True}

        def make() -> PooledConnection:
            return connect(lambda used: PooledConnection.connect(**used), parameters, provider_of(self.settings_dict))

        return RecoveringPool(
            make,
            configure=self._configure_connection,
            check=self.settings_dict["CONN_HEALTH_CHECKS"],
            max_rest_s=self.settings_dict.get("MAX_REST_S"),
            **options,
        )


_wrappers: WeakSet[DatabaseWrapper] = WeakSet()


def _forget_inherited() -> None:
    """In a child process: the parent's connections are the parent's alone."""
    while DatabaseWrapper._connection_pools:
        _, pool = DatabaseWrapper._connection_pools.popitem()
        pool.abandon()
    for wrapper in list(_wrappers):
        if wrapper.connection is None:
            continue
        leave_to_parent(wrapper.connection)
        wrapper.connection = None
        if wrapper.in_atomic_block:
            # Its queries would silently run outside the transaction that the parent goes on with.
            wrapper.closed_in_transaction = True
            wrapper.needs_rollback = True


os.register_at_fork(after_in_child=_forget_inherited)
