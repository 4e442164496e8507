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
    while frame is not None:
        name = frame.f_code.co_name
        if name == "run" and frame.f_globals is _EXECUTORS:
            return ref(_variables_of(frame, "self")[0].future)
        if name == "run" and frame.f_globals.get("__name__") == "anyio._backends._asyncio":
            return ref(_variables_of(frame, "future")[0])
        if name == "worker" and frame.f_globals.get("__name__") == "multiprocessing.pool":
            job, part = _variables_of(frame, "job", "i")
            return job, part
        if (
            name == "thread_handler"
            and frame.f_globals.get("__name__") == "asgiref.sync"
            and getattr(_variables_of(frame, "self")[0], "_thread_sensitive", True)
        ):
            return None
        frame = frame.f_back
    return None


def is_over(job: Job) -> bool:
    """Whether the job is known to have returned or raised; a task of a ThreadPool does not tell."""
    if isinstance(job, tuple):
        return False
    future = job()
    return future is None or future.done()


def _variables_of(frame: Any, *names: str) -> list[Any]:
    variables = frame.f_locals
    values = [variables.get(name) for name in names]
    if _LOCALS_ARE_COPIES:
        # The frame keeps the copy, which would be a reference cycle with an exception's traceback.
        variables.clear()
    return values
