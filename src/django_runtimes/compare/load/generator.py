"""The client that sends requests when they are due, whatever became of the earlier ones."""

import asyncio
import errno
import math
import time
from collections.abc import Sequence
from types import TracebackType

import aiohttp
from yarl import URL

from django_runtimes.compare.load.arrivals import choose_templates, poisson_arrivals
from django_runtimes.compare.load.block import TIMEOUT, TIMEOUT_S, Block, Outcome, block_of, reason_to_void
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.run.workload import RequestTemplate

# As a load balancer that ends TLS in front of the application sends them.
FORWARDED_HEADERS = {"Host": "compare.localhost", "X-Forwarded-Proto": "https"}

# Timers are exact to about a millisecond only: wait by timer until this long before a send is
# due, then yield to the other requests until it is.
_TIMER_SLACK_S = 0.001_5
# Shorter than the servers' (gunicorn's is 2 s), as a load balancer's must be: otherwise a request
# meets a connection that is just being closed.
_KEEPALIVE_S = 1.0

_CLASS_BY_ERRNO = {
    errno.ECONNREFUSED: "connection_refused",
    errno.ECONNRESET: "connection_reset",
    errno.EPIPE: "connection_reset",
}
# The first that fits counts: the more general ones stand further down.
_ERROR_CLASSES: tuple[tuple[type[Exception], str], ...] = (
    (ConnectionResetError, "connection_reset"),
    (aiohttp.ServerDisconnectedError, "connection_closed"),
    (aiohttp.ClientPayloadError, "incomplete_answer"),
    (aiohttp.ClientResponseError, "malformed_answer"),
    (aiohttp.ClientConnectionError, "connection_failed"),
    (Exception, "client_error"),
)


class LoadGenerator:
    """Sends requests to targets, each kind of load as one block; use it as a context manager."""

    def __init__(self, *, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> "LoadGenerator":
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEPALIVE_S),
            # All targets share an address: their cookies must not mix.
            cookie_jar=aiohttp.DummyCookieJar(),
            # aiohttp rounds longer timeouts up to whole seconds unless told not to.
            timeout=aiohttp.ClientTimeout(total=self._timeout_s, ceil_threshold=math.inf),
            headers=FORWARDED_HEADERS,
            auto_decompress=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def steady(
        self,
        url: str,
        templates: Sequence[RequestTemplate],
        *,
        rate_rps: float,
        duration_s: float,
        seed: int,
        ledger: Ledger,
    ) -> Block:
        """Poisson arrivals at a rate; void when the generator could not keep to its schedule."""
        offsets_s = poisson_arrivals(rate_rps, duration_s, seed)
        chosen = choose_templates(templates, len(offsets_s), seed)
        start, cpu_start_s = time.perf_counter(), time.process_time()
        async with asyncio.TaskGroup() as group:
            sends = []
            for offset_s, template in zip(offsets_s, chosen, strict=True):
                await _sleep_until(start + offset_s)
                sends.append(group.create_task(self._send(url, template, start + offset_s, ledger)))
            await _sleep_until(start + duration_s)
            # Before the last answers are in: waiting for them would dilute the share.
            cpu_share = (time.process_time() - cpu_start_s) / (time.perf_counter() - start)
        outcomes = [send.result() for send in sends]
        return block_of(outcomes, void=reason_to_void(outcomes, cpu_share))

    async def burst(
        self, url: str, templates: Sequence[RequestTemplate], *, count: int, seed: int, ledger: Ledger
    ) -> Block:
        """`count` requests due at the same moment."""
        due = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            sends = [
                group.create_task(self._send(url, template, due, ledger))
                for template in choose_templates(templates, count, seed)
            ]
        return block_of(send.result() for send in sends)

    async def single(self, url: str, template: RequestTemplate, *, ledger: Ledger) -> Outcome:
        """One request now."""
        return await self._send(url, template, time.perf_counter(), ledger)

    async def _send(self, url: str, template: RequestTemplate, due: float, ledger: Ledger) -> Outcome:
        late_ms = _ms_since(due)
        key = None
        if template.scenario == "write":
            key = ledger.open_key()
            template = template.with_key(key)
        error = await self._error_of(url, template)
        latency_ms = self._timeout_s * 1_000 if error == TIMEOUT else _ms_since(due)
        if key is not None and error is None:
            ledger.acknowledge(key)
        return Outcome(request=template.name, latency_ms=latency_ms, late_ms=late_ms, error=error)

    async def _error_of(self, url: str, template: RequestTemplate) -> str | None:
        """Send, read the whole answer and name what was wrong with it."""
        try:
            async with self._session.request(
                template.method,
                URL(url.rstrip("/") + template.path, encoded=True),
                headers=template.headers,
                data=template.body,
                allow_redirects=False,
            ) as response:
                await response.read()
        except TimeoutError:
            return TIMEOUT
        except (aiohttp.ClientError, OSError) as error:
            return _error_class(error)
        return None if response.status == template.expected_status else f"status_{response.status}"


def _ms_since(moment: float) -> float:
    return (time.perf_counter() - moment) * 1_000


async def _sleep_until(moment: float) -> None:
    remaining_s = moment - time.perf_counter()
    if remaining_s > _TIMER_SLACK_S:
        await asyncio.sleep(remaining_s - _TIMER_SLACK_S)
    while time.perf_counter() < moment:  # noqa: ASYNC110 - no event tells the time
        await asyncio.sleep(0)


def _error_class(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in _CLASS_BY_ERRNO:
        return _CLASS_BY_ERRNO[error.errno]
    return next(name for kind, name in _ERROR_CLASSES if isinstance(error, kind))
