"""Runs coroutines for synchronous code, on whose thread they make their synchronous calls."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from asgiref.sync import SyncToAsync, async_to_sync

from django_runtimes.serving.asgi.exits import run_through_exits


class AsyncBridge:
    """Runs coroutines on the runner's event loop, which a thread beside the calling one drives while it is in use.

    Between `offer()` and `withdraw()` each `async_to_sync()` on the calling thread finds that loop. The calling thread
    makes the coroutines' thread-sensitive calls, as under Django's own handler: they find its database connections,
    with their transactions and attributes, and its thread-local values. asgiref alone would make an event loop for
    each call, and what was made on the loop of another could not be used.
    """

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="django-bridge")
        self._loop = _LazyLoop(runner, self._drive)
        # A process that was forked has no thread for the loop, and asgiref does not use one with another id.
        self._process = os.getpid()
        self._driving: Future[Any] | None = None
        self._end = asyncio.Event()

    def offer(self) -> None:
        """Let asgiref find the loop on this thread. The loop is not driven before something asks for it."""
        # Each time, since calls that asgiref makes on this thread leave their own loop here.
        found = SyncToAsync.threadlocal
        found.main_event_loop, found.main_event_loop_pid = self._loop, self._process

    def withdraw(self) -> None:
        """End what `offer()` began, on the same thread. Tasks that are not done go on when the loop is next driven."""
        # Nobody would drive it.
        SyncToAsync.threadlocal.main_event_loop = None
        if self._driving is not None:
            self._loop.call_soon_threadsafe(self._end.set)
            driving, self._driving = self._driving, None
            driving.result()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """The coroutine's result; raises what it raises. Only between `offer()` and `withdraw()`, on their thread."""
        tasks: list[asyncio.Task[Any]] = []

        async def awaited() -> Any:
            tasks.extend(task for task in [asyncio.current_task()] if task)
            return await coroutine

        self.offer()
        try:
            return async_to_sync(awaited)()
        except BaseException:
            for task in tasks:
                # Not done where a signal has interrupted the calling thread.
                self._loop.call_soon_threadsafe(task.cancel)
            raise

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    def _drive(self) -> None:
        if self._driving is None:
            loop, self._end = self._runner.get_loop(), asyncio.Event()
            self._driving = self._thread.submit(_drive_until, loop, self._end)


class _LazyLoop:
    """The runner's event loop, which begins to be driven when it is asked for work, or whether it runs."""

    def __init__(self, runner: asyncio.Runner, drive: Callable[[], None]) -> None:
        self._runner = runner
        self._drive = drive

    def is_running(self) -> bool:
        """Always."""
        self._drive()
        return True

    def call_soon_threadsafe(self, callback: Callable[..., Any], *args: Any, **options: Any) -> asyncio.Handle:
        """As the loop's own."""
        self._drive()
        return self._runner.get_loop().call_soon_threadsafe(callback, *args, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runner.get_loop(), name)


def _drive_until(loop: asyncio.AbstractEventLoop, end: asyncio.Event) -> None:
    run_through_exits(loop, loop.create_task(end.wait()))
