"""An open-loop load: requests are sent when they are due, whether or not earlier ones have been answered."""

import asyncio
import json
import secrets
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import aiohttp

from django_runtimes.compare.load.access import FORWARDED_HEADERS
from tests.faults.figures.replies import Reply

_CLIENT_TIMEOUT_S = 60.0
_POLL_S = 0.005
_BODY = json.dumps({"author": "faults", "message": "written"}).encode()


def new_key() -> str:
    """Return a new idempotency key."""
    return f"faults-{secrets.token_hex(8)}"


class Client:
    """Sends single requests to a system and keeps every reply; an async context manager."""

    def __init__(self, url: str, *, hidden: Sequence[str]) -> None:
        """Send requests to `url`; no reply may contain any of the secrets in `hidden`."""
        self._url = url
        self._hidden = [secret.encode() for secret in hidden]
        self.replies: list[Reply] = []

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={**FORWARDED_HEADERS, "Accept": "application/json"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def read(self, path: str = "/api/entries", *, due_s: float | None = None) -> Reply:
        """GET a path."""
        return await self._send("read", "GET", path, due_s=due_s)

    async def write(
        self,
        key: str | None = None,
        path: str = "/api/entries",
        *,
        due_s: float | None = None,
        timeout_s: float = _CLIENT_TIMEOUT_S,
    ) -> Reply:
        """POST an entry under a key, a new one by default."""
        return await self._send("write", "POST", path, key=key or new_key(), due_s=due_s, timeout_s=timeout_s)

    async def _send(
        self,
        kind: str,
        method: str,
        path: str,
        *,
        key: str | None = None,
        due_s: float | None = None,
        timeout_s: float = _CLIENT_TIMEOUT_S,
    ) -> Reply:
        due_s = time.monotonic() if due_s is None else due_s
        headers = {} if key is None else {"Idempotency-Key": key, "Content-Type": "application/json"}
        status, problem, retry_after, shown, body = 0, None, None, b"", b""
        try:
            async with self._session.request(
                method,
                self._url + path,
                headers=headers,
                data=None if key is None else _BODY,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_s),
            ) as response:
                body = await response.read()
                shown = body + repr(response.headers).encode()
                status, retry_after = response.status, response.headers.get("Retry-After")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            problem = type(error).__name__
        leaks = any(secret in shown for secret in self._hidden)
        reply = Reply(kind, key, due_s, time.monotonic(), status, problem, retry_after, leaks, body)
        self.replies.append(reply)
        return reply


class SteadyLoad(Client):
    """Sends `rate_rps` requests per second while the block runs; every other request is a write."""

    def __init__(self, url: str, *, hidden: Sequence[str], rate_rps: float) -> None:
        super().__init__(url, hidden=hidden)
        self._interval_s = 1 / rate_rps
        self._pending: set[asyncio.Task[Reply]] = set()
        self.most_in_flight = 0

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._sending = asyncio.create_task(self._send_steadily())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sending.cancel()
        await asyncio.gather(self._sending, *self._pending, return_exceptions=True)
        await super().__aexit__(kind, error, trace)

    async def until_success(self, since_s: float = 0.0, *, timeout_s: float = 120.0) -> None:
        """Wait until a request that was due after `since_s`, or any, has succeeded; raise TimeoutError if none does."""
        async with asyncio.timeout(timeout_s):
            seen = 0
            while not any(reply.succeeded and reply.due_s >= since_s for reply in self.replies[seen:]):
                seen = max(0, len(self.replies) - 1)
                await asyncio.sleep(_POLL_S)

    async def _send_steadily(self) -> None:
        due_s = time.monotonic()
        number = 0
        while True:
            await asyncio.sleep(due_s - time.monotonic())
            call = self.write(due_s=due_s) if number % 2 else self.read(due_s=due_s)
            task = asyncio.create_task(call)
            self._pending.add(task)
            task.add_done_callback(self._pending.discard)
            self.most_in_flight = max(self.most_in_flight, len(self._pending))
            number += 1
            due_s += self._interval_s
