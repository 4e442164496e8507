"""Threads that serve many requests, and whose connections are closed when the threads end."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from django_runtimes.serving.asgi.threads.abandoned import call_on_discard


class LongLivedThreads:
    """A bounded pool of threads; submit calls to its `executor`.

    Each thread's attribute `serves_whole_requests` tells a database engine how long a connection is needed.
    """

    def __init__(self, count: int, *, name: str, serves_whole_requests: bool = False) -> None:
        self._serves_whole_requests = serves_whole_requests
        self._ours = threading.local()
        self._connections: set[BaseDatabaseWrapper] = set()
        self.executor = ThreadPoolExecutor(count, thread_name_prefix=name, initializer=self._mark)
        connection_created.connect(self._note_connection)

    def close(self) -> None:
        """Wait for running calls, end the threads, and close their connections."""
        self.executor.shutdown()
        connection_created.disconnect(self._note_connection)
        while self._connections:
            connection = self._connections.pop()
            # Django allows only the connection's own thread to close it, and that thread has ended.
            connection.inc_thread_sharing()
            connection.close()

    def forget(self, connections: Iterable[BaseDatabaseWrapper]) -> None:
        """Stop tracking `connections`, which leave the threads with their request or were discarded."""
        self._connections.difference_update(connections)

    def _mark(self) -> None:
        self._ours.marked = True
        call_on_discard(self.forget)
        threading.current_thread().serves_whole_requests = self._serves_whole_requests  # type: ignore[attr-defined]

    def _note_connection(self, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
        if hasattr(self._ours, "marked"):
            self._connections.add(connection)


class HopExecutor(Executor):
    """Runs calls on another executor, and passes each future to a callback."""

    def __init__(self, executor: Executor, on_submit: "Callable[[Future[Any]], object]") -> None:
        """`on_submit` gets the future of each accepted call, which is done when the call on the thread has ended."""
        self._executor = executor
        self._on_submit = on_submit

    def submit(self, call: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Submit `call`; use this method only on the event loop's thread."""
        withdrawable = _WithdrawableCall(partial(call, *args, **kwargs) if args or kwargs else call)
        try:
            future = self._executor.submit(withdrawable)
        except BaseException:
            # The executor queues the call even if it cannot start a thread. Skip it, since the caller gets an error.
            withdrawable.is_withdrawn = True
            raise
        self._on_submit(future)
        return future


class _WithdrawableCall:
    __slots__ = ("call", "is_withdrawn")

    def __init__(self, call: Callable[[], Any]) -> None:
        self.call = call
        self.is_withdrawn = False

    def __call__(self) -> Any:
        return None if self.is_withdrawn else self.call()
