"""Ends the threads of executors that have no work, and leaves the executors usable."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from django_runtimes.entrypoints.snapshots.live_objects import live_objects

_PATIENCE_S = 5.0
_LAST_STEPS_S = 0.5
_POLL_S = 0.005
_TASKS = Path("/proc/self/task")


def end_idle_threads() -> None:
    """End the idle threads of every executor, the application's included.

    An executor starts threads again with its next call. The executors are found among all objects, since nothing else
    knows those of the application.
    """
    for executor in live_objects(ThreadPoolExecutor):
        # A Python whose executors have other attributes keeps their threads.
        with suppress(AttributeError):
            _end_threads(executor)


def other_threads() -> list[str]:
    """Return the names of all threads beside the main one, those of C code included."""
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    deadline_s = monotonic() + _LAST_STEPS_S
    # A thread that Python has joined still takes its last steps.
    while (tasks := _tasks() - {threading.main_thread().native_id}) and monotonic() < deadline_s:
        sleep(_POLL_S)
    return sorted(names.get(task, "a thread without Python code") for task in tasks)


def _tasks() -> set[int | None]:
    try:
        return {int(task.name) for task in _TASKS.iterdir()}
    except OSError:
        return {thread.native_id for thread in threading.enumerate()}


def _end_threads(executor: Any) -> None:
    threads = set(executor._threads)
    if not threads or executor._shutdown:
        return
    executor._shutdown = True
    try:
        for _ in threads:
            executor._work_queue.put(None)
        for thread in threads:
            thread.join(_PATIENCE_S)
    finally:
        executor._threads.difference_update(thread for thread in threads if not thread.is_alive())
        while executor._idle_semaphore.acquire(timeout=0):
            pass
        executor._shutdown = False
        _take_wakeups(executor)


def _take_wakeups(executor: Any) -> None:
    """Remove the wake-ups that no thread has taken."""
    import queue

    kept = []
    with suppress(queue.Empty):
        while True:
            item = executor._work_queue.get_nowait()
            if item is not None:
                kept.append(item)
    for item in kept:
        executor._work_queue.put(item)
