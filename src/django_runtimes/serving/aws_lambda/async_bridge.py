"""Runs coroutines for synchronous code, and runs their thread-sensitive calls on the calling thread."""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from asgiref.sync import SyncToAsync, async_to_sync

from django_runtimes.serving.asgi.exits import run_through_exits
from django_runtimes.serving.aws_lambda.environment_loop import EnvironmentLoop

logger = logging.getLogger(__name__)


class AsyncBridge:
    """Runs coroutines on the environment's event loop, which a second thread drives while it is in use.

    Between `offer()` and `withdraw()`, each `async_to_sync()` on the calling thread uses that loop. The coroutines'
    thread-sensitive calls run on the calling thread, as under Django's own handler. They see that thread's database
    connections, with their transactions and attributes, and its thread-local values. With asgiref alone, each call
    would create an event loop, and objects bound to an earlier call's loop would fail.
    """

    def __init__(self, environment_loop: EnvironmentLoop) -> None:
        self._environment_loop = environment_loop
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="django-bridge")
        self._loop = _LazyLoop(environment_loop, self._drive)
        # A forked process has no thread for the loop; asgiref ignores a loop with another process's id.
        self._process = os.getpid()
        self._driving: tuple[asyncio.AbstractEventLoop, Future[Any]] | None = None
        self._end = asyncio.Event()

    def offer(self) -> None:
        """Let asgiref find the loop on this thread; the loop only starts running when something uses it."""
        # Set the loop each time, since calls that asgiref makes on this thread leave their own loop here.
        found = SyncToAsync.threadlocal
        found.main_event_loop, found.main_event_loop_pid = self._loop, self._process

    def withdraw(self) -> None:
        """Undo `offer()` on the same thread; unfinished tasks continue when the loop next runs."""
        # Hide the loop first, because it stops running here.
        SyncToAsync.threadlocal.main_event_loop = None
        if self._driving is not None:
            (loop, driving), self._driving = self._driving, None
            # A loop whose thread has ended may be closed.
            if not driving.done():
                loop.call_soon_threadsafe(self._end.set)
            driving.result()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Return the coroutine's result, or raise its exception; call between `offer()` and `withdraw()`."""
        tasks: list[asyncio.Task[Any]] = []

        async def awaited() -> Any:
            tasks.extend(task for task in [asyncio.current_task()] if task)
            return await coroutine

        self.offer()
        try:
            return async_to_sync(awaited)()
        except BaseException:
            for task in tasks:
                # The task is still running if a signal interrupted the calling thread.
                self._loop.call_soon_threadsafe(task.cancel)
            raise

    def close(self) -> None:
        """Stop the thread."""
        self._thread.shutdown()

    def _drive(self) -> asyncio.AbstractEventLoop:
        if self._driving is None or self._driving[1].done():
            loop, self._end = self._environment_loop.get(), asyncio.Event()
            self._driving = loop, self._thread.submit(_drive_until, loop, self._end)
        return self._driving[0]


class _LazyLoop:
    """The environment's event loop, which starts running on its first use."""

    def __init__(self, environment_loop: EnvironmentLoop, drive: Callable[[], asyncio.AbstractEventLoop]) -> None:
        self._environment_loop = environment_loop
        self._drive = drive

    def is_running(self) -> bool:
        """Start the loop, and return True."""
        self._drive()
        return True

    def call_soon_threadsafe(self, callback: Callable[..., Any], *args: Any, **options: Any) -> asyncio.Handle:
        """Start the loop, and schedule the callback on it."""
        return self._drive().call_soon_threadsafe(callback, *args, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._environment_loop.get(), name)


def _drive_until(loop: asyncio.AbstractEventLoop, end: asyncio.Event) -> None:
    while not end.is_set():
        waiting = loop.create_task(end.wait())
        try:
            run_through_exits(loop, waiting)
        except RuntimeError:
            if loop.is_closed() or loop.is_running():
                raise
            # The invoking thread waits for coroutines on this loop, and would wait for ever.
            logger.exception("the application stopped the event loop that serves all requests, so it is started again")
