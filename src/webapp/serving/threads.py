"""Threads that live on from request to request, and take their connections along when they end."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

# A thread that is still busy then keeps its connections until the process ends.
_LAST_CALL_S = 5.0


class LongLivedThreads:
    """A bounded pool of threads; `executor` runs what is submitted."""

    def __init__(self, count: int, *, name: str) -> None:
        self._started = 0
        self._lock = threading.Lock()
        self.executor = ThreadPoolExecutor(count, thread_name_prefix=name, initializer=self._count_one)

    def close(self) -> None:
        """Let what runs finish, close every thread's connections, end the threads."""
        meeting = threading.Barrier(self._started)
        # Each thread takes one: none is free for a second until all have met.
        for _ in range(self._started):
            self.executor.submit(_close_connections, meeting)
        self.executor.shutdown()

    def _count_one(self) -> None:
        with self._lock:
            self._started += 1


def _close_connections(meeting: threading.Barrier) -> None:
    try:
        meeting.wait(_LAST_CALL_S)
    except threading.BrokenBarrierError:
        pass
    finally:
        connections.close_all()
