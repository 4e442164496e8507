"""Clients that disconnect during a request, and clients that never complete one."""

import asyncio
import contextlib
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.faults.figures.trials import Trial
from tests.image.containers import Container
from tests.image.faults.application.views import ENDED
from tests.image.faults.parts.serving import HOST, ask, serving

_ABORTS = 200
_QUERY_MS = 250
_HALF_OPEN = 500
_DRIP_S = 0.5
_OTHERS = 100
# How long to look for views that outlast their clients.
_LONGEST_S = 120


@pytest.mark.fault(32, "client aborts", "aws_ecs", has_durations=True)
async def test_connections_are_idle_once_aborted_requests_have_ended(trial: Trial, image, database_url, log) -> None:
    least = {"aborts": _ABORTS, "views_ended": _ABORTS / 10, "busy_after_leaving": 1}
    with (
        trial.judged(least=least, idle_after_s=1.0, errors_after=0),
        # Half of the requests use one thread each.
        serving(image, database_url, log, workers=2, pids_limit=256) as container,
    ):
        for _ in trial.repetitions:
            waves = [await _wave(container, database_url)]
            deadline = time.monotonic() + _LONGEST_S
            # On a busy machine the clients leave late, and fewer views outlast them.
            while not _are_enough(waves, least) and time.monotonic() < deadline:
                waves.append(await _wave(container, database_url))
            answers = [await asyncio.to_thread(ask, container.url, "/api/entries") for _ in range(20)]
            trial.note(
                aborts=sum(wave.aborts for wave in waves),
                busy_after_leaving=any(wave.is_busy_after_leaving for wave in waves),
                views_ended=sum(wave.views_ended for wave in waves),
                idle_after_s=max(wave.idle_after_s for wave in waves),
                errors_after=sum(status != 200 for status, _ in answers),
            )


@pytest.mark.fault(33, "slowloris", "aws_ecs", has_durations=True)
async def test_half_open_requests_do_not_delay_other_clients(trial: Trial, image, database_url, log) -> None:
    least = {"half_open": _HALF_OPEN, "answered": _OTHERS * 0.99}
    with (
        trial.judged(least=least, health_s=1.0, unhealthy=0, errors_percent=1.0),
        serving(image, database_url, log, workers=2) as container,
    ):
        for _ in trial.repetitions:
            dripping = await asyncio.gather(*(_begin(container.url, number) for number in range(_HALF_OPEN)))
            drips = [asyncio.create_task(_drip(writer)) for _, writer in dripping]
            health, others, unhealthy = [], [], 0
            for number in range(_OTHERS):
                others.append(await asyncio.to_thread(ask, container.url, "/api/entries" if number % 2 else "/"))
                if number % 10 == 0:
                    asked_s = time.monotonic()
                    status, _ = await asyncio.to_thread(ask, container.url, "/healthz")
                    health.append(time.monotonic() - asked_s)
                    unhealthy += status != 200
            still_open = sum(not reader.at_eof() for reader, _ in dripping)
            for drip in drips:
                drip.cancel()
            await asyncio.gather(*drips, return_exceptions=True)
            for _, writer in dripping:
                writer.close()
            trial.note(
                half_open=still_open,
                health_s=max(health),
                unhealthy=unhealthy,
                answered=sum(status == 200 for status, _ in others),
                errors_percent=100 * sum(status != 200 for status, _ in others) / len(others),
            )


class _Watcher(threading.Thread):
    """Checks every few milliseconds whether a database connection is busy."""

    def __init__(self, database_url: str) -> None:
        super().__init__()
        self.last_busy_s = 0.0
        self._url = database_url
        self._ended = threading.Event()

    def run(self) -> None:
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'"
        )
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._ended.is_set():
                row = connection.execute(query).fetchone()
                assert row is not None
                if row[0]:
                    self.last_busy_s = time.monotonic()
                time.sleep(0.005)

    def end(self) -> None:
        self._ended.set()
        self.join()


@contextmanager
def _watched(database_url: str) -> Iterator[_Watcher]:
    watcher = _Watcher(database_url)
    watcher.start()
    try:
        yield watcher
    finally:
        watcher.end()


@dataclass(frozen=True)
class _Wave:
    """What happened when many clients left at once; `views_ended` counts the views that ended afterwards."""

    aborts: int
    is_busy_after_leaving: bool
    views_ended: int
    idle_after_s: float


def _are_enough(waves: list[_Wave], least: dict[str, float]) -> bool:
    """Return whether enough clients left before their response, and enough views outlasted their clients."""
    return (
        sum(wave.aborts for wave in waves) >= least["aborts"]
        and any(wave.is_busy_after_leaving for wave in waves)
        and sum(wave.views_ended for wave in waves) >= least["views_ended"]
    )


async def _wave(container: Container, database_url: str) -> _Wave:
    """Let all clients leave, and wait until their views have ended."""
    ends_before = len(_ends(container))
    with _watched(database_url) as watcher:
        leaving = [asyncio.create_task(_leave(container.url, number)) for number in range(_ABORTS)]
        left = await asyncio.gather(*leaving)
        left_s = time.monotonic()
        await _wait_until_quiet(container, watcher, left_s)
    ends = _ends(container)[ends_before:]
    return _Wave(
        aborts=sum(left),
        is_busy_after_leaving=watcher.last_busy_s > left_s,
        views_ended=sum(end > left_s for end in ends),
        idle_after_s=max(0.0, watcher.last_busy_s - max(ends)),
    )


async def _leave(url: str, number: int) -> bool:
    """Start a transaction and disconnect before its end; return whether no response had arrived.

    Every other request goes to an asynchronous view, and every third connection ends with a reset.
    """
    path = f"/faults/query/{'async/' if number % 2 else ''}{_QUERY_MS}"
    reader, writer = await _connect(url)
    writer.write(_head(path) + b"\r\n")
    await writer.drain()
    unanswered = True
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.1 + number % 10 * 0.01)
        unanswered = False
    if number % 3 == 0:
        writer.transport.abort()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return unanswered


async def _wait_until_quiet(container: Container, watcher: _Watcher, since_s: float) -> None:
    """Wait until, for one second, no view has ended and no connection has been busy."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if time.monotonic() > max([*_ends(container), watcher.last_busy_s, since_s]) + 1.0:
            return
        await asyncio.sleep(0.1)
    raise TimeoutError("the views keep running")


def _ends(container: Container) -> list[float]:
    return [float(end) for end in re.findall(rf"^{ENDED} ([0-9.]+)$", container.logs(), re.MULTILINE)]


async def _begin(url: str, number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Start a request whose headers never end, or whose body never ends if `number` is odd."""
    reader, writer = await _connect(url)
    if number % 2:
        writer.write(_head("/faults/echo").replace(b"GET", b"POST") + b"Content-Length: 1000\r\n\r\nx")
    else:
        writer.write(_head("/"))
    await writer.drain()
    return reader, writer


async def _drip(writer: asyncio.StreamWriter) -> None:
    """Send one more byte of a header or of the body every `_DRIP_S` seconds."""
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(_DRIP_S)


async def _connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(url)
    return await asyncio.open_connection(parts.hostname, parts.port)


def _head(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\n".encode()
