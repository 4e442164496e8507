"""A middleware chain that is built once, on a thread without a running event loop."""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from django_runtimes.serving.asgi.threads.abandoned import closing_new_connections

logger = logging.getLogger(__name__)

Chain = TypeVar("Chain")


class LazyChain(Generic[Chain]):
    """Builds a chain without a running event loop, so that middleware's constructors may query the database and block.

    Database connections that they open are closed. `made` is the chain, or None until it is built.
    """

    def __init__(self, make: Callable[[], Chain]) -> None:
        self._make = make
        self.made: Chain | None = None
        self._lock = threading.Lock()
        self._attempt: Future[tuple[Chain | None, BaseException | None]] | None = None

    def make(self) -> Chain:
        """Return the chain, building it on this thread if necessary; raise the error of a constructor that fails."""
        with self._lock:
            if self.made is None:
                with closing_new_connections():
                    self.made = self._make()
            return self.made

    def make_early(self) -> None:
        """Build the chain unless an event loop runs on this thread; log an error, since a later request retries."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            try:
                self.make()
            except Exception:
                # A service that is unavailable now must not keep the process from starting.
                logger.exception("cannot build the middleware chain yet; the first request that needs it tries again")

    async def wait(self) -> Chain:
        """Return the chain, built on another thread; requests that wait for the same attempt share its error."""
        if self._attempt is None or self._attempt.done():
            self._attempt = self._begin()
        # A disconnected client must not cancel the attempt.
        chain, error = await asyncio.shield(asyncio.wrap_future(self._attempt))
        if chain is None:
            raise error or AssertionError("neither a chain nor an error")
        return chain

    def _begin(self) -> "Future[tuple[Chain | None, BaseException | None]]":
        attempt: Future[tuple[Chain | None, BaseException | None]] = Future()
        # Mark the future as running, so that no caller can cancel it.
        attempt.set_running_or_notify_cancel()
        # A constructor that hangs must not keep the process from ending.
        threading.Thread(target=self._try, args=(attempt,), name="django-middleware", daemon=True).start()
        return attempt

    def _try(self, attempt: "Future[tuple[Chain | None, BaseException | None]]") -> None:
        try:
            outcome = self.make(), None
        except BaseException as error:
            # The error is passed as a result, because futures reject some exceptions, such as StopIteration.
            attempt.set_result((None, error))
        else:
            attempt.set_result(outcome)
