"""A middleware chain that is made once, on a thread where no event loop runs."""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from django_runtimes.serving.asgi.threads.abandoned import closing_what_is_opened

logger = logging.getLogger(__name__)

Chain = TypeVar("Chain")


class LateChain(Generic[Chain]):
    """Makes a chain as Django does, outside event loops: middleware's constructors may query the database and wait.

    What they open in the database is closed. `made` is the chain, None until there is one.
    """

    def __init__(self, make: Callable[[], Chain]) -> None:
        self._make = make
        self.made: Chain | None = None
        self._lock = threading.Lock()
        self._attempt: Future[tuple[Chain | None, BaseException | None]] | None = None

    def make(self) -> Chain:
        """The chain, made on this thread unless there is one; raises what a constructor raises."""
        with self._lock:
            if self.made is None:
                with closing_what_is_opened():
                    self.made = self._make()
            return self.made

    def make_early(self) -> None:
        """Make the chain unless an event loop runs here; an error is logged, since a request tries again."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            try:
                self.make()
            except Exception:
                # A service that is away now must not keep the process from starting.
                logger.exception("the middleware cannot be made yet; the first request that needs it tries again")

    async def wait(self) -> Chain:
        """The chain, made on another thread; requests that wait for the same attempt share its error."""
        if self._attempt is None or self._attempt.done():
            self._attempt = self._begin()
        # A client that leaves does not end the attempt.
        chain, error = await asyncio.shield(asyncio.wrap_future(self._attempt))
        if chain is None:
            raise error or AssertionError("neither a chain nor an error")
        return chain

    def _begin(self) -> "Future[tuple[Chain | None, BaseException | None]]":
        attempt: Future[tuple[Chain | None, BaseException | None]] = Future()
        # From here on nothing can cancel it.
        attempt.set_running_or_notify_cancel()
        # A constructor that hangs must not keep the process from ending.
        threading.Thread(target=self._try, args=(attempt,), name="django-middleware", daemon=True).start()
        return attempt

    def _try(self, attempt: "Future[tuple[Chain | None, BaseException | None]]") -> None:
        try:
            outcome = self.make(), None
        except BaseException as error:
            # As a result: futures refuse some errors, such as StopIteration.
            attempt.set_result((None, error))
        else:
            attempt.set_result(outcome)
