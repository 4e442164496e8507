"""Tracks the database connections of all threads, to close them when the process exits."""

from typing import Any
from weakref import WeakSet

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


class HeldConnections:
    """The connections that have been opened since this object was created."""

    def __init__(self) -> None:
        self._connections: WeakSet[BaseDatabaseWrapper] = WeakSet()
        connection_created.connect(self._note)

    def close(self) -> None:
        """Close the connections and their pools, from any thread; nothing may use them afterwards."""
        for connection in list(self._connections):
            connection.inc_thread_sharing()
            connection.close()
            if hasattr(connection, "close_pool"):
                connection.close_pool()

    def _note(self, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
        self._connections.add(connection)
