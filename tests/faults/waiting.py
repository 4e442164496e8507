"""Waits for conditions by polling."""

import asyncio
import subprocess
from collections.abc import Awaitable, Callable

_POLL_S = 0.01


async def until(holds: Callable[[], Awaitable[bool]], *, timeout_s: float = 60.0) -> None:
    """Poll until the condition holds; raise TimeoutError when the time is over."""
    async with asyncio.timeout(timeout_s):
        while not await holds():  # noqa: ASYNC110 - no event signals it
            await asyncio.sleep(_POLL_S)


async def until_ended(process: subprocess.Popen[bytes], *, timeout_s: float = 120.0) -> None:
    """Wait until a child process has ended, without blocking the event loop as `wait` would."""

    async def has_ended() -> bool:
        return process.poll() is not None

    await until(has_ended, timeout_s=timeout_s)
