"""Clients that request the view continuously and record every answer."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from django_runtimes.compare.load.access import FORWARDED_HEADERS

_TIMEOUT_S = 30.0
# A client whose request failed waits, as a client in a retry does; refusals are quicker than answers.
_PAUSE_S = 0.1


@dataclass(frozen=True)
class Answer:
    """One request: when it was sent (monotonic time), its whole duration, and `wait_ms` of the view or the error."""

    sent_s: float
    duration_ms: float
    wait_ms: float | None
    error: str = ""


@asynccontextmanager
async def clients(url: str, count: int) -> AsyncIterator[list[Answer]]:
    """Keep `count` clients busy inside the block; yield the list to which each appends its answers.

    At the end each client completes its current request.
    """
    answers: list[Answer] = []
    ends = asyncio.Event()
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    async with (
        aiohttp.ClientSession(
            timeout=timeout, connector=aiohttp.TCPConnector(limit=count), headers=FORWARDED_HEADERS
        ) as session,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(count):
            group.create_task(_client(session, url, ends, answers))
        try:
            yield answers
        finally:
            ends.set()


async def _client(session: aiohttp.ClientSession, url: str, ends: asyncio.Event, answers: list[Answer]) -> None:
    while not ends.is_set():
        answer = await _request(session, url)
        answers.append(answer)
        if answer.error:
            await asyncio.sleep(_PAUSE_S)


async def _request(session: aiohttp.ClientSession, url: str) -> Answer:
    sent_s = time.monotonic()
    wait_ms, error = None, ""
    try:
        async with session.get(url) as response:
            content = await response.json(content_type=None) if response.content_type == "application/json" else {}
            wait_ms = content.get("wait_ms")
            if wait_ms is None:
                error = content.get("error", f"status {response.status}")
    except (aiohttp.ClientError, TimeoutError) as failure:
        error = type(failure).__name__
    return Answer(sent_s, (time.monotonic() - sent_s) * 1000, wait_ms, error)
