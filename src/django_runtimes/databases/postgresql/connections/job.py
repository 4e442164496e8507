"""Tells apart the jobs of executors, of which one thread runs one after the other."""

import asyncio
import sys
import threading
from concurrent.futures import Future
from concurrent.futures import thread as executor_threads
from typing import Any
from weakref import ref

# Of one call that was handed to `ThreadPoolExecutor.submit`: for as long as somebody holds it, the job can be asked.
# Of one of anyio's, which runs the synchronous endpoints of Starlette and FastAPI, the event loop's future.
# Of a task of `multiprocessing.pool.ThreadPool` its numbers, which the process gives once.
Job = ref[Future[Any]] | ref[asyncio.Future[Any]] | tuple[int, int]

_EXECUTORS = vars(executor_threads)
# Python 3.13's is a view of the variables.
_LOCALS_ARE_COPIES = sys.version_info < (3, 13)


def current_job() -> Job | None:
    """The job that this thread is at work for; None where no thread of an executor's is, or one that has a manager.

    A handler manages its threads by itself. So does asgiref the thread of thread-sensitive calls: several of them may
    share one transaction.
    """
    if hasattr(threading.current_thread(), "serves_whole_requests"):
        return None
    # No context variable tells: `submit` passes no context on, and a thread has one of its own for as long as it lives.
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
                # A job that waits in async_to_sync() runs the thread-sensitive calls itself: they are part of it.
                is_managed = False
        elif name == "worker" and frame.f_globals.get("__name__") == "multiprocessing.pool":
            job, part = _variables_of(frame, "job", "i")
            return None if is_managed else (job, part)
        elif name == "thread_handler" and frame.f_globals.get("__name__") == "asgiref.sync":
            is_managed = is_managed or getattr(_variables_of(frame, "self")[0], "_thread_sensitive", True)
        frame = frame.f_back
    return None


def is_over(job: Job) -> bool:
    """Whether the job is known to have returned or raised; a task of a ThreadPool does not tell.

    Nor does a call of anyio's that was given up: its future is cancelled, and the thread may still be at work.
    """
    if isinstance(job, tuple):
        return False
    future = job()
    return future is None or (future.done() and not future.cancelled())


def _variables_of(frame: Any, *names: str) -> list[Any]:
    variables = frame.f_locals
    values = [variables.get(name) for name in names]
    if _LOCALS_ARE_COPIES:
        # The frame keeps the copy, which would be a reference cycle with an exception's traceback.
        variables.clear()
    return values
