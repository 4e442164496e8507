"""Connections to Redis and Valkey that requests share."""

from typing import Any

from redis import ConnectionPool

from django_runtimes.moment import Moment

# The server, or a network's tracking of connections, may forget one that rests longer. Then nothing answers on it.
_MAX_REST_S = 20.0


class RestingPool(ConnectionPool):
    """redis-py's pool, except that it connects again where a connection has rested for long; for all threads."""

    def get_connection(self, *arguments: Any, **options: Any) -> Any:
        """Return a connection that answers, as far as that is known."""
        self._checkpid()
        with self._lock:
            for each in self._available_connections:
                if each.rests_since.age_s > _MAX_REST_S:
                    # The pool connects it again before it is used.
                    each.disconnect()
        return super().get_connection(*arguments, **options)

    def close_resting(self) -> None:
        """Close the connections that no thread uses: after a failover they lead to the former server."""
        self.disconnect(inuse_connections=False)

    def release(self, connection: Any) -> None:
        """Take a connection back."""
        connection.rests_since = Moment.now()
        super().release(connection)
