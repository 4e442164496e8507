"""Django's engine for PostgreSQL, with connections from psycopg2's ThreadedConnectionPool."""

import threading
from typing import Any

from django.db.backends.postgresql import base
from psycopg2.pool import ThreadedConnectionPool

_pools: dict[str, ThreadedConnectionPool] = {}
_creating = threading.Lock()


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes a connection where Django would open one, and returns it where Django would close it."""

    @property
    def _connections(self) -> ThreadedConnectionPool:
        with _creating:
            if self.alias not in _pools:
                parameters = self.get_connection_params()
                # The pool closes returned connections beyond its minimum.
                size = parameters.pop("max_size")
                _pools[self.alias] = ThreadedConnectionPool(size, size, **parameters)
            return _pools[self.alias]

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        return self._connections.getconn()

    def _close(self) -> None:
        if self.connection is not None:
            with self.wrap_database_errors:
                self._connections.putconn(self.connection)
