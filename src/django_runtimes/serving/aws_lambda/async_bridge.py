"""Runs coroutines for synchronous code, on whose thread they make their synchronous calls."""

import asyncio
import os
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import SyncToAsync, async_to_sync


class AsyncBridge:
    """Runs a coroutine on the runner's event loop, which a thread beside the calling one drives.

    The calling thread makes the coroutine's thread-sensitive calls, as under Django's own handler: they find its
    database connections, with their transactions and attributes, and its thread-local values. asgiref alone would
    make an event loop for each coroutine, and what was made on the loop of another could not be used.
    """

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="django-bridge")

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """The coroutine's result; raises what it raises. Only for a thread without a running event loop."""
        loop, end = self._runner.get_loop(), asyncio.Event()
        tasks: list[asyncio.Task[Any]] = []

        async def awaited() -> Any:
            tasks.extend(task for task in [asyncio.current_task()] if task)
            return await coroutine

        async def until_end() -> None:
            await end.wait()
            for task in tasks:
                # Not done where a signal has interrupted the calling thread.
                task.cancel()

        driving = self._thread.submit(self._runner.run, until_end())
        # Where asgiref looks for the loop to use; the calls that it makes on this thread leave them here, too.
        bridge = SyncToAsync.threadlocal
        bridge.main_event_loop, bridge.main_event_loop_pid = loop, os.getpid()
        try:
            return async_to_sync(awaited)()
        finally:
            # The next async_to_sync() on this thread would wait for a loop that does not run.
            vars(bridge).clear()
            loop.call_soon_threadsafe(end.set)
            driving.result()

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()
