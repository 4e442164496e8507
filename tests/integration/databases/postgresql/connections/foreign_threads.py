"""Threads that the server does not manage, and the ways in which they use a database."""

import queue
import threading
from contextlib import contextmanager
from contextvars import Context
from functools import partial

from django.db import connections

from django_runtimes.serving.current_request import Request, current_request

# The size of the pool that the threads share.
POOL_SIZE = 2


class Worker(threading.Thread):
    """A thread that runs the calls passed to `do()`, until `end()` is called."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._calls: queue.Queue = queue.Queue()
        self._results: queue.Queue = queue.Queue()
        self.start()

    def run(self) -> None:
        while (call := self._calls.get()) is not None:
            try:
                self._results.put((call(), None))
            except Exception as error:
                self._results.put((None, error))

    def do(self, call):
        self._calls.put(call)
        result, error = self._results.get()
        if error is not None:
            raise error
        return result

    def end(self) -> None:
        self._calls.put(None)
        self.join()


@contextmanager
def workers(count: int):
    threads = [Worker() for _ in range(count)]
    try:
        yield threads
    finally:
        for thread in threads:
            thread.end()


def in_request(request: Request, call):
    """Return `call`, to be run in a context of its own that identifies the request."""
    context = Context()
    context.run(current_request.set, request)
    return partial(context.run, call)


def run(alias: str, sql: str):
    with connections[alias].cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone() if cursor.description else None


def named_cursor(alias: str):
    cursor = connections[alias].chunked_cursor()
    cursor.execute("SELECT 1")
    return cursor


def close(alias: str) -> None:
    connections[alias].close()


def has_connection(alias: str) -> bool:
    return connections[alias].connection is not None
