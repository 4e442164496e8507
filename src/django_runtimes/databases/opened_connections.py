"""Counts the database connections that this process opens and holds."""

import contextlib
import threading
from typing import Any
from weakref import WeakSet

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from django_runtimes.databases.sockets.fork import pools


class OpenedConnections:
    """The connections of every database, inside and outside of pools, from its creation on."""

    def __init__(self) -> None:
        self._outside_pools = 0
        self._peak = 0
        self._unpooled: WeakSet[Any] = WeakSet()
        # Threads open connections at the same time.
        self._counting = threading.Lock()
        connection_created.connect(self._note)

    @property
    def opened(self) -> int:
        """The number of connections opened so far."""
        return self._outside_pools + _total("connections_num")

    @property
    def pool_size(self) -> int:
        """The number of connections that all pools hold."""
        return _total("pool_size")

    def take_peak(self) -> int:
        """Return the largest number of connections held since the last call."""
        with self._counting:
            held = self._held()
            peak, self._peak = max(self._peak, held), held
        return peak

    def _note(self, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
        # Reading the property of a wrapper could reset its session.
        opened = vars(connection).get("connection")
        # Django sends the signal for each connection that a pool lends, and the library after it resets a session.
        with self._counting:
            if opened is not None and getattr(opened, "_pool", None) is None and opened not in self._unpooled:
                self._outside_pools += 1
                # The connections of some drivers cannot be referred to weakly, so their number stays unknown.
                with contextlib.suppress(TypeError):
                    self._unpooled.add(opened)
            self._peak = max(self._peak, self._held())

    def _held(self) -> int:
        unpooled = sum(not getattr(each, "closed", False) for each in list(self._unpooled))
        return unpooled + self.pool_size


def _total(name: str) -> int:
    """Return the sum of a statistic of all pools."""
    return sum(int(pool.get_stats().get(name, 0)) for pool in list(pools.values()))
