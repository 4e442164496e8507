"""Identifies the executor job that a thread is running."""

import asyncio
import sys
import threading
from concurrent.futures import Future
from concurrent.futures import thread as executor_threads
from typing import Any
from weakref import ref

# A call passed to `ThreadPoolExecutor.submit` is identified by its future. A call of anyio, which runs the synchronous
# endpoints of Starlette and FastAPI, is identified by the event loop's future. A task of
# `multiprocessing.pool.ThreadPool` is identified by its numbers, which are unique in the process.
Job = ref[Future[Any]] | ref[asyncio.Future[Any]] | tuple[int, int]

_EXECUTORS = vars(executor_threads)
# From Python 3.13 on, `f_locals` is a view and not a copy.
_LOCALS_ARE_COPIES = sys.version_info < (3, 13)


def current_job() -> Job | None:
    """Return the job that this thread runs; None outside executors, and on threads of a handler or of asgiref.

    A handler manages connections on its own threads. asgiref runs thread-sensitive calls on one thread, and several of
    them may share a transaction.
    """
    if hasattr(threading.current_thread(), "serves_whole_requests"):
        return None
    # A context variable cannot identify the job: `submit` copies no context, and a thread's own context lasts for all
    # its jobs.
    frame = sys._getframe().f_back
    is_managed = False
    while frame is not None:
        name = frame.f_code.co_name
        if name == "run":
            if frame.f_globals is _EXECUTORS:
                return None if is_managed else ref(_variables_of(frame, "self")[0].future)
            module = frame.f_globals.get("__name__")
            if module == "anyio._backends._asyncio":
                return None if is_managed else ref(_variables_of(frame, "future")[0])
            if module == "asgiref.current_thread_executor":
                # A job that waits in async_to_sync() runs the thread-sensitive calls itself, so they belong to it.
                is_managed = False
        elif name == "worker" and frame.f_globals.get("__name__") == "multiprocessing.pool":
            job, part = _variables_of(frame, "job", "i")
            return None if is_managed else (job, part)
        elif name == "thread_handler" and frame.f_globals.get("__name__") == "asgiref.sync":
            is_managed = is_managed or getattr(_variables_of(frame, "self")[0], "_thread_sensitive", True)
        frame = frame.f_back
    return None


def is_over(job: Job) -> bool:
    """Return whether the job is known to have ended; for a ThreadPool's task, this is never known.

    A cancelled call of anyio is treated as running: its future is done, but its thread may still be working.
    """
    if isinstance(job, tuple):
        return False
    future = job()
    return future is None or (future.done() and not future.cancelled())


def _variables_of(frame: Any, *names: str) -> list[Any]:
    variables = frame.f_locals
    values = [variables.get(name) for name in names]
    if _LOCALS_ARE_COPIES:
        # The frame keeps the copy, which would form a reference cycle with an exception's traceback.
        variables.clear()
    return values
