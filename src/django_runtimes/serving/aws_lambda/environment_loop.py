"""The event loop of an execution environment, which replaces itself if the application closes it."""

import asyncio
import contextvars
import logging
from collections.abc import Coroutine
from typing import Any

logger = logging.getLogger(__name__)


class EnvironmentLoop:
    """Holds one event loop for all invocations, and never makes it the current loop of a thread.

    `asyncio.get_event_loop()` in a synchronous view must not return it, since such views often close what they get.
    """

    def __init__(self) -> None:
        self._runner = _new_runner()

    def get(self) -> asyncio.AbstractEventLoop:
        """Return the loop; if the application has closed it or its executor, log an error and make a new one."""
        loop = self._runner.get_loop()
        if loop.is_closed() or (_has_no_executor(loop) and not loop.is_running()):
            logger.error(
                "the application closed the event loop that serves all requests, or its executor, so a new one "
                "replaces it; close only loops that your code has created"
            )
            self.close()
            self._runner = _new_runner()
            loop = self._runner.get_loop()
        return loop

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Return the coroutine's result; it runs in a copy of the context, and SIGINT cancels it."""
        return self._runner.run(coroutine, context=contextvars.copy_context())

    def rest(self) -> None:
        """Cancel the loop's tasks, and close it; the next use makes a new one."""
        self.close()
        self._runner = _new_runner()

    def close(self) -> None:
        """Cancel the loop's tasks, and close it."""
        if not self._runner.get_loop().is_closed():
            self._runner.close()


def _has_no_executor(loop: asyncio.AbstractEventLoop) -> bool:
    # asyncio has no other way to ask whether shutdown_default_executor() was called.
    return getattr(loop, "_executor_shutdown_called", False)


def _new_runner() -> asyncio.Runner:
    # Without a factory, the runner would make its loop the current one of this thread.
    return asyncio.Runner(loop_factory=asyncio.new_event_loop)
