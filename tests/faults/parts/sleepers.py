"""Requests that sleep in the database until each of its connections, or each thread, is busy."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

from tests.faults.figures.load import Client
from tests.faults.figures.replies import Reply
from tests.faults.waiting import until

SLEEP_S = 10


async def occupy(
    stack: AsyncExitStack,
    url: str,
    count: int,
    sleeping: Callable[[], Awaitable[int]],
    *,
    hidden: Sequence[str],
    each: int | None = None,
    for_s: int = SLEEP_S,
) -> list[asyncio.Task[Reply]]:
    """Start `count` requests that sleep `for_s`, at most `each` in one process, and wait until all sleep."""
    clients: list[Client] = []
    shares: Counter[int] = Counter()
    while len(clients) < count:
        client = await stack.enter_async_context(Client(url, hidden=hidden))
        # Each client's connection stays with one worker, so count each worker's clients.
        worker = json.loads((await client.read("/faults/identity/")).body)["process"]
        if each is None or shares[worker] < each:
            shares[worker] += 1
            clients.append(client)
        else:
            # The other worker may stand still.
            await asyncio.sleep(0.05)
    sleepers = [asyncio.create_task(client.read(f"/faults/sleep/{for_s}/")) for client in clients]

    async def all_sleep() -> bool:
        return await sleeping() == count

    await until(all_sleep)
    return sleepers
