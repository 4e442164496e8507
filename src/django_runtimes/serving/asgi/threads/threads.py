"""Threads that live on from request to request, and whose connections are closed when they end."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from django_runtimes.serving.asgi.threads.abandoned import tell_of_dropped


class LongLivedThreads:
    """A bounded pool of threads; `executor` runs what is submitted.

    `serves_whole_requests` stands on each thread, for a database engine that asks how long a connection is needed.
    """

    def __init__(self, count: int, *, name: str, serves_whole_requests: bool = False) -> None:
        self._serves_whole_requests = serves_whole_requests
        self._ours = threading.local()
        self._connections: set[BaseDatabaseWrapper] = set()
        self.executor = ThreadPoolExecutor(count, thread_name_prefix=name, initializer=self._mark)
        connection_created.connect(self._note_connection)

    def close(self) -> None:
        """Let what runs finish, end the threads, close the connections they kept."""
        self.executor.shutdown()
        connection_created.disconnect(self._note_connection)
        while self._connections:
            connection = self._connections.pop()
            # Its thread is gone: nobody else can.
            connection.inc_thread_sharing()
            connection.close()

    def forget(self, connections: Iterable[BaseDatabaseWrapper]) -> None:
        """These leave the threads, with the request that they belong to or for good."""
        self._connections.difference_update(connections)

    def _mark(self) -> None:
        self._ours.marked = True
        tell_of_dropped(self.forget)
        threading.current_thread().serves_whole_requests = self._serves_whole_requests  # type: ignore[attr-defined]

    def _note_connection(self, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
        if hasattr(self._ours, "marked"):
            self._connections.add(connection)


class HopExecutor(Executor):
    """Runs calls on another executor, and hands on the future of each."""

    def __init__(self, executor: Executor, on_submit: "Callable[[Future[Any]], object]") -> None:
        """`on_submit` gets each future that a thread may run; it tells when the call has really ended."""
        self._executor = executor
        self._on_submit = on_submit

    def submit(self, call: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Submit from the event loop's thread."""
        withdrawable = _WithdrawableCall(partial(call, *args, **kwargs) if args or kwargs else call)
        try:
            future = self._executor.submit(withdrawable)
        except BaseException:
            # Where no further thread can start the call is queued even so, and its caller is told otherwise.
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
