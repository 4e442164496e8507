"""The event loop does not wait for a frozen server when a job has left a transaction open."""

import asyncio
import os
import signal
import threading
from functools import partial
from time import monotonic

import pytest
from anyio.to_thread import run_sync
from django.db import connections

from django_runtimes.serving.current_request import Request, current_request
from tests.integration.databases.postgresql.connections.foreign_threads import run

pytestmark = pytest.mark.profile_free

# A loop that waited for the server would wait this long.
_FROZEN_S = 60.0


@pytest.fixture
def request_():
    """The request that this test's tasks and their threads belong to."""
    request = Request()
    current_request.set(request)
    yield request
    current_request.set(None)


class Freezer:
    """Stops backends, for a minute if a test waits for them."""

    def __init__(self) -> None:
        self._timers = []

    def __call__(self, pid: int) -> None:
        os.kill(pid, signal.SIGSTOP)
        self._timers.append(threading.Timer(_FROZEN_S, os.kill, [pid, signal.SIGCONT]))
        self._timers[-1].start()

    def thaw(self) -> None:
        while self._timers:
            timer = self._timers.pop()
            timer.cancel()
            timer.join()
            timer.function(*timer.args)


@pytest.fixture
def freeze():
    """Return a function that stops a backend until the test ends."""
    freezer = Freezer()
    yield freezer
    freezer.thaw()


def leave_open(alias, freeze=None):
    connections[alias].set_autocommit(False)
    (pid,) = run(alias, "SELECT pg_backend_pid()")
    if freeze is not None:
        freeze(pid)
    return pid, connections[alias]


async def test_the_end_of_a_request_does_not_wait_for_a_job_that_rolls_back(alias, request_, freeze):
    await asyncio.to_thread(leave_open, alias, freeze)
    # By now the job's thread waits for its ROLLBACK.
    await asyncio.sleep(0.2)
    since_s = monotonic()
    request_.end()

    assert monotonic() - since_s < _FROZEN_S / 2
    # The event loop ends after the job's thread.
    freeze.thaw()


async def test_the_end_of_a_request_sends_no_rollback_on_the_loop(alias, request_, freeze):
    pid, wrapper = await run_sync(leave_open, alias)
    freeze(pid)
    since_s = monotonic()
    request_.end()

    assert monotonic() - since_s < _FROZEN_S / 2
    assert vars(wrapper)["connection"] is None
    # The pool replaces the connection, so the thread gets another one.
    current_request.set(Request())
    (other,) = await run_sync(partial(run, alias, "SELECT pg_backend_pid()"))
    assert other != pid
