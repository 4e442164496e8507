"""A middleware chain that requests wait for on an event loop, with limits."""

import asyncio
import logging
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future

from django.core.exceptions import ImproperlyConfigured

from django_runtimes.serving.asgi.chains.lazy_chain import Chain, LazyChain
from django_runtimes.serving.asgi.threads.gate import OverloadedError

logger = logging.getLogger(__name__)

# The chain, and None; or None, and the text of the constructor's error.
_Attempt = tuple[Chain | None, str | None]


class MiddlewareConstructionError(ImproperlyConfigured):
    """A middleware's constructor raised an error; the log contains its traceback.

    Django raises ImproperlyConfigured itself when a constructor returns no middleware.
    """


class MiddlewareOverdueError(Exception):
    """The construction of a middleware chain takes longer than requests may wait."""


class AwaitedChain(LazyChain[Chain]):
    """A chain for which up to `max_waiting` requests wait, each for at most `max_wait_s` seconds."""

    def __init__(self, make: Callable[[], Chain], *, max_waiting: int, max_wait_s: float) -> None:
        super().__init__(make)
        self._max_waiting = max_waiting
        self._max_wait_s = max_wait_s
        self._waiting = 0
        self._begun_at = 0.0
        self._attempt: Future[_Attempt[Chain]] | None = None
        self._attempt_here: asyncio.Future[_Attempt[Chain]] | None = None

    async def wait(self) -> Chain:
        """Return the chain, built on another thread.

        Raise OverloadedError if too many requests wait or this one has waited too long, and MiddlewareConstructionError
        if a constructor fails.
        """
        if self._waiting >= self._max_waiting:
            raise OverloadedError
        ended = self._end_of_attempt()
        self._waiting += 1
        try:
            # The attempt continues after the time limit and when the client disconnects.
            await asyncio.wait([ended], timeout=self._max_wait_s)
        finally:
            self._waiting -= 1
        if not ended.done():
            raise OverloadedError
        chain, failure = ended.result()
        if chain is None:
            # Each request raises its own error. A shared one would collect the frames of all requests, and an error
            # tracker would report the variables of one request as part of another.
            raise MiddlewareConstructionError(
                f"cannot build the middleware chain: {failure}; the log contains the traceback"
            )
        return chain

    def check_overdue(self) -> None:
        """Raise MiddlewareOverdueError if a construction takes longer than requests wait for it."""
        if self._attempt is None or self._attempt.done():
            return
        taken_s = time.monotonic() - self._begun_at
        if taken_s > self._max_wait_s:
            raise MiddlewareOverdueError(
                f"the construction of the middleware chain has taken {taken_s:.0f} s, and requests wait at most "
                f"{self._max_wait_s:g} s; find the constructor that waits, for example for a service"
            )

    def _end_of_attempt(self) -> "asyncio.Future[_Attempt[Chain]]":
        """Return this loop's future for the running attempt, which begins if none runs."""
        if self._attempt is None or self._attempt.done():
            self._attempt, self._attempt_here = self._begin(), None
        # All requests wait for one future, since each call of wrap_future() adds a callback that stays until the end.
        if self._attempt_here is None or self._attempt_here.get_loop() is not asyncio.get_running_loop():
            self._attempt_here = asyncio.wrap_future(self._attempt)
        return self._attempt_here

    def _begin(self) -> "Future[_Attempt[Chain]]":
        attempt: Future[_Attempt[Chain]] = Future()
        # Mark the future as running, so that no caller can cancel it.
        attempt.set_running_or_notify_cancel()
        self._begun_at = time.monotonic()
        # A constructor that hangs must not keep the process from ending.
        threading.Thread(target=self._try, args=(attempt,), name="django-middleware", daemon=True).start()
        return attempt

    def _try(self, attempt: "Future[_Attempt[Chain]]") -> None:
        outcome: _Attempt[Chain] = None, None
        try:
            outcome = self.make(), None
        except BaseException as error:
            # Only the text is kept, since the frames hold the constructors' variables.
            outcome = None, "".join(traceback.format_exception_only(error)).strip()
            logger.exception("cannot build the middleware chain; the next request that needs it tries again")
        finally:
            attempt.set_result(outcome)
