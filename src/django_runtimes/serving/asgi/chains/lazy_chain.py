"""A middleware chain that is built once, on a thread without a running event loop."""

import asyncio
import logging
import threading
from collections.abc import Callable
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
