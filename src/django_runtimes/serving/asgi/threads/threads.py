"""Threads that live on from request to request, and whose connections are closed when they end."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


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
        """These belong to a request, and leave the threads with it."""
        self._connections.difference_update(connections)

    def _mark(self) -> None:
        self._ours.marked = True
        threading.current_thread().serves_whole_requests = self._serves_whole_requests  # type: ignore[attr-defined]

    def _note_connection(self, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
        if hasattr(self._ours, "marked"):
            self._connections.add(connection)


class NotifyingExecutor(Executor):
    """Runs on another executor, and tells the event loop when a call has really ended.

    A task that is cancelled stops waiting for its thread, which goes on: only the thread's own end frees it.
    """

    def __init__(self, executor: Executor, on_submit: Callable[[], Callable[[bool], None]]) -> None:
        """`on_submit` returns what to call on the event loop at the end, with whether the call has run."""
        self._executor = executor
        self._on_submit = on_submit

    def submit(self, call: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Submit from the event loop's thread."""
        loop = asyncio.get_running_loop()
        on_end = self._on_submit()

        def tell(future: "Future[Any]") -> None:
            # A loop that is closed has nobody left who waits.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(on_end, not future.cancelled())

        future: Future[Any] = Future()
        future.add_done_callback(tell)
        try:
            self._executor.submit(run_for, future, partial(call, *args, **kwargs))
        except BaseException:
            # Where no further thread can start, one that is there may still come by.
            if future.cancel():
                raise
        return future


def run_for(future: "Future[Any]", call: Callable[[], Any]) -> None:
    """Make the call and set the future, unless that was cancelled."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)
