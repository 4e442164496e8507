"""Long-lived threads that are leased to asynchronous requests for their synchronous code."""

import threading
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from django.db import connections

from django_runtimes.serving.asgi.threads.lease import Lease
from django_runtimes.serving.asgi.threads.request_wrappers import RequestWrappers
from django_runtimes.serving.asgi.threads.threads import LongLivedThreads

# This is longer than the time that the server gives requests to finish before it closes the handler.
_LAST_RETURN_S = 30.0


class ThreadLeases:
    """Long-lived threads, each leased to one task at a time.

    If a thread ended with its request, no code would close its persistent connections. The number of threads is the
    highest number of concurrent leases, which the caller limits, plus up to `sharing` for leases that share threads.
    Up to `keeping` idle threads keep their connections. A call that waits `max_wait_s` seconds for a shared thread
    raises OverloadedError.
    """

    def __init__(self, *, keeping: int, sharing: int = 1, max_wait_s: float = 30.0) -> None:
        self._keeping = keeping
        self.max_wait_s = max_wait_s
        self._all: list[LongLivedThreads] = []
        self._idle: list[LongLivedThreads] = []
        self._sharing = sharing
        self._shared: set[LongLivedThreads] = set()
        self._line: deque[Lease] = deque()
        self._returned = threading.Condition()

    @asynccontextmanager
    async def lease(self, *, shares: bool = False, wrappers: RequestWrappers | None = None) -> AsyncIterator[Lease]:
        """Run the block's thread-sensitive calls on a leased thread.

        With `shares` they run on any free thread, which the lease keeps only while a connection needs it. `wrappers`
        are the request's database wrappers if the request has run on another thread before.
        """
        lease = Lease(self, shares=shares, wrappers=wrappers)
        try:
            async with lease.own_calls():
                yield lease
        except BaseException:
            lease.end(is_cut_off=True)
            raise
        else:
            lease.end()

    def close(self) -> None:
        """Block the calling thread until all leases end, then end all threads and connections."""
        with self._returned:
            self._returned.wait_for(lambda: len(self._idle) == len(self._all), _LAST_RETURN_S)
        while self._all:
            self._all.pop().close()
        self._idle.clear()

    def take(self, lease: Lease, *, shares: bool) -> LongLivedThreads | None:
        """Return a thread, or None if all shared threads are busy; `lease.resume` then gets the next free one."""
        with self._returned:
            if shares and len(self._shared) >= self._sharing:
                self._line.append(lease)
                return None
            thread = self._idle.pop() if self._idle else self._make()
            if shares:
                self._shared.add(thread)
            return thread

    def withdraw(self, lease: Lease) -> bool:
        """Stop the lease's wait for a shared thread; return False if it is no longer waiting."""
        with self._returned:
            if lease not in self._line:
                return False
            self._line.remove(lease)
            return True

    def give_back(self, thread: LongLivedThreads) -> None:
        """Take back a thread on which no call of its lease runs any more."""
        following = None
        with self._returned:
            if thread in self._shared and self._line:
                following = self._line.popleft()
            else:
                self._shared.discard(thread)
                if len(self._idle) >= self._keeping:
                    # Enough other idle threads keep their connections. This thread's next lease waits until its own are
                    # closed.
                    with suppress(RuntimeError):
                        # A thread that could not start has no connections.
                        thread.executor.submit(connections.close_all)
                self._idle.append(thread)
                self._returned.notify_all()
        if following is not None:
            following.resume(thread)

    def _make(self) -> LongLivedThreads:
        thread = LongLivedThreads(1, name="django-async")
        self._all.append(thread)
        return thread
