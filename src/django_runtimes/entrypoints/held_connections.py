"""Every database connection of the process, whichever thread it belongs to."""

from typing import Any
from weakref import WeakSet

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


class HeldConnections:
    """Notes each connection that is made from now on."""

    def __init__(self) -> None:
        self._connections: WeakSet[BaseDatabaseWrapper] = WeakSet()
        connection_created.connect(self._note)

    def close(self) -> None:
        """Close them and their pools; from any thread, when nothing else will use them again."""
        for connection in list(self._connections):
            connection.inc_thread_sharing()
            connection.close()
            if hasattr(connection, "close_pool"):
                connection.close_pool()

    def _note(self, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
        self._connections.add(connection)
