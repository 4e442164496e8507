"""Connections that are idle most of the time and for up to 60 s, as a reverse proxy keeps them."""

import asyncio
import random
import threading
from urllib.parse import urlsplit

from tests.image.faults.parts.upstream import UpstreamConnection

_REQUESTS = 10
# The connections start at different times, as a proxy's do.
_SPREAD_S = 2.0


class IdleConnections(threading.Thread):
    """Sends ten requests over each of `count` connections, with a pause of `longest_s` before one of them.

    It never retries, so it counts a connection that the server has closed as a reset. One more connection is left open
    until the server closes it after `kept_s`.
    """

    def __init__(self, url: str, *, count: int = 1_000, longest_s: float = 60.0) -> None:
        super().__init__(daemon=True)
        self.requests = self.resets = self.used_after_longest = 0
        self.kept_s = 0.0
        self._url = url
        self._count = count
        self._longest_s = longest_s

    def run(self) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        leaving = asyncio.create_task(self._leave_one())
        await asyncio.gather(*(self._use_one(number) for number in range(self._count)))
        self.kept_s = await leaving

    async def _leave_one(self) -> float:
        connection = await self._open()
        await connection.ask("/healthz")
        try:
            return await connection.wait_closed_by_server()
        finally:
            connection.close()

    async def _use_one(self, number: int) -> None:
        chance = random.Random(number)
        before_longest = chance.randrange(1, _REQUESTS)
        await asyncio.sleep(chance.random() * _SPREAD_S)
        connection = await self._open()
        try:
            for request in range(_REQUESTS):
                if request:
                    await asyncio.sleep(self._longest_s if request == before_longest else chance.random() / 2)
                self.requests += 1
                status, _ = await connection.ask("/healthz")
                self.resets += status != 200
                self.used_after_longest += request == before_longest
        except (OSError, EOFError):
            self.resets += 1
        finally:
            connection.close()

    async def _open(self) -> UpstreamConnection:
        parts = urlsplit(self._url)
        return await UpstreamConnection.open(parts.hostname, parts.port)
