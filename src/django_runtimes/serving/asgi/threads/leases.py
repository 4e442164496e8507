"""Threads for what asynchronous requests run synchronously, each one task's alone while it needs it."""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import connections
from django.http import HttpResponseBase

from django_runtimes.serving.asgi.threads.abandoned import close_what_is_left, has_open_transaction
from django_runtimes.serving.asgi.threads.gate import OverloadedError
from django_runtimes.serving.asgi.threads.request_wrappers import RequestWrappers
from django_runtimes.serving.asgi.threads.thread_needs import forget_sessions, needs_thread
from django_runtimes.serving.asgi.threads.threads import LongLivedThreads

logger = logging.getLogger(__name__)

# Longer than the server lets requests finish before it closes the handler.
_LAST_RETURN_S = 30.0


class ThreadLeases:
    """Threads of which each is one task's alone for a time.

    A thread that ended with its request would take a persistent connection with it, which nobody closes.
    As many threads exist as were leased at once, which the caller bounds, and `sharing` for the leases that share
    them. `keeping` of those that are idle keep their connections. A call that has waited `max_wait_s` for a shared
    thread ends with OverloadedError.
    """

    def __init__(self, *, keeping: int, sharing: int = 1, max_wait_s: float = 30.0) -> None:
        self._keeping = keeping
        self.max_wait_s = max_wait_s
        self._all: list[LongLivedThreads] = []
        self._idle: list[LongLivedThreads] = []
        self._sharing = sharing
        self._shared: set[LongLivedThreads] = set()
        self._line: deque[Lease] = deque()
        self._returned = threading.Condition()

    @asynccontextmanager
    async def lease(self, *, shares: bool = False, wrappers: RequestWrappers | None = None) -> "AsyncIterator[Lease]":
        """Send the block's thread-sensitive calls to a thread of its own.

        With `shares` to any thread that is free, for as long as something needs that thread. They use `wrappers`
        where the request has been on another thread before.
        """
        lease = Lease(self, shares=shares, wrappers=wrappers)
        try:
            async with lease.own_calls():
                yield lease
        except BaseException:
            lease.end(is_cut_off=True)
            raise
        else:
            lease.end()

    def close(self) -> None:
        """Wait for what is leased, then end every thread with its connections; not for the event loop's thread."""
        with self._returned:
            self._returned.wait_for(lambda: len(self._idle) == len(self._all), _LAST_RETURN_S)
        while self._all:
            self._all.pop().close()
        self._idle.clear()

    def take(self, lease: "Lease", *, shares: bool) -> LongLivedThreads | None:
        """A thread; None when all that are shared are in use, and `lease.resume` is called with the next."""
        with self._returned:
            if shares and len(self._shared) >= self._sharing:
                self._line.append(lease)
                return None
            thread = self._idle.pop() if self._idle else self._make()
            if shares:
                self._shared.add(thread)
            return thread

    def withdraw(self, lease: "Lease") -> bool:
        """Take the lease out of the line for a shared thread; False when it is not there any more."""
        with self._returned:
            if lease not in self._line:
                return False
            self._line.remove(lease)
            return True

    def give_back(self, thread: LongLivedThreads) -> None:
        """A thread that nothing of its lease runs on any more."""
        following = None
        with self._returned:
            if thread in self._shared and self._line:
                following = self._line.popleft()
            else:
                self._shared.discard(thread)
                if len(self._idle) >= self._keeping:
                    # After a crowd; the next lease waits for the end of this.
                    with suppress(RuntimeError):
                        # One that could not start has none.
                        thread.executor.submit(connections.close_all)
                self._idle.append(thread)
                self._returned.notify_all()
        if following is not None:
            following.resume(thread)

    def _make(self) -> LongLivedThreads:
        thread = LongLivedThreads(1, name="django-async")
        self._all.append(thread)
        return thread


class Lease(Executor):
    """Runs the thread-sensitive calls of one task, one at a time.

    While it shares, it keeps its thread between two calls only when a database connection has to stay there, which
    the engine says by `needs_thread`. The wrappers of its connections go with it from thread to thread.
    """

    # Of the class until it changes.
    _is_over = False

    def __init__(self, leases: ThreadLeases, *, shares: bool, wrappers: RequestWrappers | None) -> None:
        self._leases = leases
        self._shares = shares
        # None while the task uses those of the one thread that it has.
        self._wrappers = RequestWrappers() if shares and wrappers is None else wrappers
        self._thread: LongLivedThreads | None = None
        # Without a thread: what waits for one.
        self._waiting: list[tuple[Future[Any], Callable[[], Any]]] = []
        self._unfinished = 0
        self._has_run = False
        self._has_open_transaction = False
        self._on_free: Callable[[], None] = _nothing
        self._lock = threading.Lock()

    def submit(self, call: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Run it after the calls before it."""
        future: Future[Any] = Future()
        bound = partial(call, *args, **kwargs)
        with self._lock:
            self._unfinished += 1
            if self._thread is None and not self._waiting:
                self._thread = self._leases.take(self, shares=self._shares)
            if self._thread is None:
                if not self._waiting:
                    asyncio.get_running_loop().call_later(self._leases.max_wait_s, self._give_up, future)
                self._waiting.append((future, bound))
            else:
                self._submit(self._thread, future, bound)
        return future

    def _submit(self, thread: LongLivedThreads, future: "Future[Any]", bound: Callable[[], Any]) -> None:
        try:
            thread.executor.submit(self._run, future, bound)
        except BaseException:
            # No further thread can start now; the call is queued even so.
            if future.cancel():
                raise

    def resume(self, thread: LongLivedThreads) -> None:
        """Go on with a shared thread that has become free."""
        with self._lock:
            self._thread = thread
            for future, bound in self._waiting:
                thread.executor.submit(self._run, future, bound)
            self._waiting.clear()

    def _give_up(self, first: "Future[Any]") -> None:
        """End the wait for a shared thread that this call began: all of them are in use, and may be for ever."""
        with self._lock:
            if not self._waiting or self._waiting[0][0] is not first or not self._leases.withdraw(self):
                return
            waiting, self._waiting = self._waiting, []
            self._unfinished -= len(waiting)
        for future, _ in waiting:
            if future.set_running_or_notify_cancel():
                future.set_exception(
                    OverloadedError(f"no thread of streams became free in {self._leases.max_wait_s:g} s")
                )

    def own_calls(self) -> ThreadSensitiveContext:
        """Run the block's thread-sensitive calls here, also where a cancelled call has left its executor behind."""
        return ThreadSensitiveContext(executor=self)

    def share(self) -> None:
        """From now on keep a thread only for as long as something needs it."""
        with self._lock:
            self._shares = True
            if self._wrappers is None:
                self._wrappers = RequestWrappers(are_put=self._has_run)

    def when_free(self, call: Callable[[], None]) -> None:
        """Call it once nothing of the task runs on its thread any more; on any thread."""
        self._on_free = call

    async def rest(self) -> None:
        """Between two pieces of work: let go of what the session holds, and of the thread if nothing else needs it."""
        if self._thread is not None:
            await asyncio.wrap_future(self.submit(forget_sessions))

    def end(self, *, is_cut_off: bool = False) -> "Future[None] | None":
        """Give the thread back once it has done what it does, and what the task has left open is closed.

        The task may have been cancelled in the midst of a view: the next lease must not wait behind it. The future
        says when the thread is free; None where it is already.
        """
        with self._lock:
            self._is_over = True
            thread = self._thread
            is_moving = self._shares or self._wrappers is not None
            is_clean = not (is_cut_off or self._unfinished or is_moving or self._has_open_transaction)
            if thread is not None and not is_clean:
                # A call like the others, so that what runs now does not hand the thread back before.
                self._unfinished += 1
        if thread is None:
            self._on_free()
        elif is_clean:
            # At once, so that the next request finds this thread, and no further one is made.
            self._hand_back()
        else:
            try:
                return thread.executor.submit(self._close_and_hand_back)
            except BaseException:
                # The thread could not start, and nothing has run on it.
                logger.exception("a thread for asynchronous requests cannot start")
                self._unfinished = 0
                self._hand_back()
        return None

    def _close_and_hand_back(self) -> None:
        try:
            close_what_is_left()
            if self._wrappers is not None and self._wrappers.are_put:
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
                self._wrappers.put()
            result = bound()
        except BaseException as error:
            self._leave_thread()
            future.set_exception(error)
        else:
            # Before the future tells of it, so that the next call finds the thread free.
            self._leave_thread()
            future.set_result(result)

    def _leave_thread(self) -> None:
        with self._lock:
            # It waited for a thread when the lease ended.
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
            # The future has to tell of the call all the same; the lease's end closes what is left.
            logger.exception("a connection of an asynchronous request cannot be looked at")
            self._has_open_transaction = True

    def _needs_thread(self) -> bool:
        return self._wrappers is not None and self._wrappers.are_put and needs_thread()

    def _hand_back(self) -> None:
        with self._lock:
            if self._unfinished:
                # Another call has come.
                return
            thread = self._thread
            if thread is not None and self._wrappers is not None:
                # Before the next call can find another thread, which puts them there.
                self._wrappers.take(thread)
            self._thread = None
        if thread is not None:
            self._leases.give_back(thread)
            self._on_free()


async def close_on_lease(response: HttpResponseBase) -> None:
    """Close it on the lease's thread, whose connections it lets go; on another one where none becomes free."""
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


def _nothing() -> None:
    """What nobody has asked to be called."""
