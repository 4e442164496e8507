"""Runs the synchronous code of one asynchronous request, one call at a time."""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, Protocol

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.http import HttpResponseBase

from django_runtimes.serving.asgi.threads.abandoned import close_leftovers, has_open_transaction
from django_runtimes.serving.asgi.threads.gate import OverloadedError
from django_runtimes.serving.asgi.threads.request_wrappers import RequestWrappers
from django_runtimes.serving.asgi.threads.thread_needs import forget_sessions, needs_thread
from django_runtimes.serving.asgi.threads.threads import LongLivedThreads

logger = logging.getLogger(__name__)


class Lender(Protocol):
    """Lends threads to leases."""

    max_wait_s: float

    def take(self, lease: "Lease", *, shares: bool) -> LongLivedThreads | None:
        """Return a thread, or None if all shared threads are busy; `lease.resume` then gets the next free one."""

    def withdraw(self, lease: "Lease") -> bool:
        """Stop the lease's wait for a shared thread; return False if it is no longer waiting."""

    def give_back(self, thread: LongLivedThreads) -> None:
        """Take back a thread on which no call of its lease runs any more."""


class Lease(Executor):
    """Runs the thread-sensitive calls of one task, one at a time.

    While it shares threads, the lease keeps its thread between two calls only if a database connection must stay there,
    as the engine's `needs_thread` reports. Its connections' wrappers move with it from thread to thread.
    """

    # An instance gets its own attribute only when the lease ends.
    _is_over = False

    def __init__(self, lender: Lender, *, shares: bool, wrappers: RequestWrappers | None) -> None:
        self._lender = lender
        self._shares = shares
        # None while the task uses the wrappers of its only thread.
        self._wrappers = RequestWrappers() if shares and wrappers is None else wrappers
        self._thread: LongLivedThreads | None = None
        # The calls that wait for a thread.
        self._waiting: list[tuple[Future[Any], Callable[[], Any]]] = []
        self._unfinished = 0
        self._has_run = False
        self._has_open_transaction = False
        self._on_free: Callable[[], None] = _do_nothing
        self._lock = threading.Lock()

    def submit(self, call: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Run `call` after the earlier calls."""
        future: Future[Any] = Future()
        bound = partial(call, *args, **kwargs)
        with self._lock:
            self._unfinished += 1
            if self._thread is None and not self._waiting:
                self._thread = self._lender.take(self, shares=self._shares)
            if self._thread is None:
                if not self._waiting:
                    asyncio.get_running_loop().call_later(self._lender.max_wait_s, self._give_up, future)
                self._waiting.append((future, bound))
            else:
                self._submit(self._thread, future, bound)
        return future

    def _submit(self, thread: LongLivedThreads, future: "Future[Any]", bound: Callable[[], Any]) -> None:
        try:
            thread.executor.submit(self._run, future, bound)
        except BaseException:
            # The executor queues the call even if it cannot start a thread.
            if future.cancel():
                raise

    def resume(self, thread: LongLivedThreads) -> None:
        """Run the waiting calls on a shared thread that has become free."""
        with self._lock:
            self._thread = thread
            for future, bound in self._waiting:
                thread.executor.submit(self._run, future, bound)
            self._waiting.clear()

    def _give_up(self, first: "Future[Any]") -> None:
        """End the wait, begun by `first`, for a shared thread, since the busy threads may never become free."""
        with self._lock:
            if not self._waiting or self._waiting[0][0] is not first or not self._lender.withdraw(self):
                return
            waiting, self._waiting = self._waiting, []
            self._unfinished -= len(waiting)
        for future, _ in waiting:
            if future.set_running_or_notify_cancel():
                future.set_exception(
                    OverloadedError(f"no thread for streams became free in {self._lender.max_wait_s:g} s")
                )

    def own_calls(self) -> ThreadSensitiveContext:
        """Run the block's thread-sensitive calls here, even if a cancelled call left its executor in the context."""
        return ThreadSensitiveContext(executor=self)

    def share(self) -> None:
        """From now on keep a thread only while a connection needs it."""
        with self._lock:
            self._shares = True
            if self._wrappers is None:
                self._wrappers = RequestWrappers(are_installed=self._has_run)

    def when_free(self, call: Callable[[], None]) -> None:
        """Call `call`, on any thread, once no call of the task runs on its thread."""
        self._on_free = call

    @property
    def has_thread(self) -> bool:
        """Whether the lease holds a thread; after `rest()`, because a connection needs it."""
        return self._thread is not None

    async def rest(self) -> None:
        """Between two pieces of work, drop the sessions' state, and leave the thread unless a connection needs it."""
        if self._thread is not None:
            await asyncio.wrap_future(self.submit(forget_sessions))

    def end(self, *, is_cut_off: bool = False) -> "Future[None] | None":
        """Give the thread back after its running call, and close the connections that the task has left open.

        The task may have been cancelled in the middle of a view, and the next lease must not wait for that view.
        Return a future that is done when the thread is free, or None if it already is.
        """
        with self._lock:
            self._is_over = True
            thread = self._thread
            is_moving = self._shares or self._wrappers is not None
            is_clean = not (is_cut_off or self._unfinished or is_moving or self._has_open_transaction)
            if thread is not None and not is_clean:
                # Closing the connections is counted as a call, so that the running call does not hand the thread back
                # first.
                self._unfinished += 1
        if thread is None:
            self._on_free()
        elif is_clean:
            # Hand the thread back now, so that the next request finds it instead of creating another.
            self._hand_back()
        else:
            try:
                return thread.executor.submit(self._close_and_hand_back)
            except BaseException:
                # The thread could not start, so no call has run on it.
                logger.exception("cannot start a thread for asynchronous requests")
                self._unfinished = 0
                self._hand_back()
        return None

    def _close_and_hand_back(self) -> None:
        try:
            close_leftovers()
            if self._wrappers is not None and self._wrappers.are_installed:
                self._wrappers.close()
        finally:
            with self._lock:
                self._unfinished -= 1
            self._hand_back()

    def _run(self, future: "Future[Any]", bound: Callable[[], Any]) -> None:
        if not future.set_running_or_notify_cancel():
            self._leave_thread()
            return
        self._has_run = True
        try:
            if self._wrappers is not None:
                self._wrappers.install()
            result = bound()
        except BaseException as error:
            self._leave_thread()
            future.set_exception(error)
        else:
            # Leave the thread before setting the result, so that the next call finds it free.
            self._leave_thread()
            future.set_result(result)

    def _leave_thread(self) -> None:
        with self._lock:
            # The lease ended while this call was still waiting for a thread.
            is_late = self._is_over and self._unfinished == 1
            if not is_late:
                self._unfinished -= 1
            may_share = self._shares and not self._unfinished
        try:
            if is_late:
                self._close_and_hand_back()
                return
            self._has_open_transaction = has_open_transaction()
            if may_share and not self._needs_thread():
                self._hand_back()
        except BaseException:
            # The future still needs its result; the lease's end closes the connections.
            logger.exception("cannot check a database connection of an asynchronous request")
            self._has_open_transaction = True

    def _needs_thread(self) -> bool:
        return self._wrappers is not None and self._wrappers.are_installed and needs_thread()

    def _hand_back(self) -> None:
        with self._lock:
            if self._unfinished:
                # Another call was submitted.
                return
            thread = self._thread
            if thread is not None and self._wrappers is not None:
                # Uninstall the wrappers now, since the next call may get another thread, on which it installs them.
                self._wrappers.uninstall(thread)
            self._thread = None
        if thread is not None:
            self._lender.give_back(thread)
            self._on_free()


async def close_on_lease(response: HttpResponseBase) -> None:
    """Close the response, and free its connections, on the lease's thread, or on another if none becomes free."""
    has_begun = False

    def close() -> None:
        nonlocal has_begun
        has_begun = True
        response.close()

    try:
        await sync_to_async(close)()
    except BaseException as error:
        if not has_begun:
            await asyncio.to_thread(response.close)
        if has_begun or not isinstance(error, OverloadedError):
            raise


def _do_nothing() -> None:
    """Stand in for a callback until when_free() sets one."""
