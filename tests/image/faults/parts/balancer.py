"""A load balancer with built-in clients, which send requests while it runs."""

import asyncio
import contextlib
import itertools
import json
import threading
import time
from collections import Counter

from tests.faults.figures.load import new_key
from tests.image.faults.parts.upstream import Upstream

_PROBE_INTERVAL_S = 0.25
_CLIENTS = 8
_BODY = json.dumps({"author": "faults", "message": "written"}).encode()


class Balancer(threading.Thread):
    """Sends each request to the next ready server, and never retries; half of the requests are writes.

    A server is ready from its first good response at `/readyz` to its first bad one. `failed` has the errors of
    requests that failed, `acknowledged` the keys of successful writes, and `served` the number of requests by server.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.failed: list[str] = []
        self.acknowledged: list[str] = []
        self.served: Counter[str] = Counter()
        self._upstreams: list[Upstream] = []
        self._ready: list[Upstream] = []
        self._removed: list[Upstream] = []
        self._ended = threading.Event()

    @property
    def requests(self) -> int:
        """The number of requests that have ended."""
        return self.served.total() + len(self.failed)

    def add(self, url: str) -> None:
        """Add a server, which gets requests once it is ready."""
        self._upstreams = [*self._upstreams, Upstream(url)]

    def remove(self, url: str) -> None:
        """Remove a server that has ended."""
        self._removed += [upstream for upstream in self._upstreams if upstream.url == url]
        self._upstreams = [upstream for upstream in self._upstreams if upstream.url != url]

    def wait_until_ready(self, url: str, *, is_ready: bool) -> None:
        """Wait until a server gets requests, or no longer gets any; raise TimeoutError after two minutes."""
        deadline = time.monotonic() + 120
        while any(upstream.url == url for upstream in self._ready) != is_ready:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{url} did not change")
            time.sleep(0.02)

    def end(self) -> None:
        """Stop sending, and wait for the requests in flight."""
        self._ended.set()
        self.join()

    def run(self) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        probing = asyncio.create_task(self._probe())
        await asyncio.gather(*(self._send(number) for number in range(_CLIENTS)))
        probing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await probing
        # On a busy machine a connection may stay idle while its server drains, and is still open here.
        for upstream in (*self._upstreams, *self._removed):
            upstream.close()

    async def _probe(self) -> None:
        while True:
            ready = []
            for upstream in self._upstreams:
                with contextlib.suppress(OSError, EOFError):
                    if await Upstream(upstream.url, idle_s=0).ask("/readyz", headers="Connection: close\r\n") == 200:
                        ready.append(upstream)
            self._ready = ready
            await asyncio.sleep(_PROBE_INTERVAL_S)

    async def _send(self, number: int) -> None:
        for turn in itertools.count(number):
            while not self._ready and not self._ended.is_set():  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.01)
            if self._ended.is_set():
                return
            upstream = self._ready[turn % len(self._ready)]
            key = new_key() if turn % 2 else None
            try:
                status = await self._ask(upstream, key)
            except (OSError, EOFError) as error:
                self.failed.append(f"{upstream.url}: {type(error).__name__}")
                continue
            if status == (201 if key else 200):
                self.served[upstream.url] += 1
                if key:
                    self.acknowledged.append(key)
            else:
                self.failed.append(f"{upstream.url}: {status}")

    async def _ask(self, upstream: Upstream, key: str | None) -> int:
        if key is None:
            return await upstream.ask("/api/entries?page_size=1")
        headers = f"Idempotency-Key: {key}\r\nContent-Type: application/json\r\n"
        return await upstream.ask("/api/entries", method="POST", body=_BODY, headers=headers)
