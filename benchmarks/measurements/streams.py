"""Measures how much open event streams slow down the pages of the same server process."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from benchmarks.contenders import servers
from benchmarks.contenders.testbed import Testbed
from benchmarks.measurements.wrk import Load, drive
from benchmarks.ratio import Ratio, interleaved
from django_runtimes.cli.progress import Progress
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.load.access import FORWARDED_HEADERS

STREAMS = 200
# The number of streams that query the database, each once in a period.
QUERYING = 100
PERIOD_S = 30
_ROUNDS = 12
_BLOCK_S = 4
_CONNECTIONS = 2
_WITH, _WITHOUT = "with", "without"
_BAR = 1.1
_OPENING_S = 30.0


@dataclass
class Streams:
    """Counts of streams and events; `refused` streams got a status other than 200, `broken` streams ended early."""

    refused: int = 0
    broken: int = 0
    events: int = 0


@dataclass
class MeasuredStreams:
    """The page's load with and without open streams, and the counts of the streams."""

    loads: dict[str, list[Load]] = field(default_factory=lambda: {_WITH: [], _WITHOUT: []})
    streams: list[Streams] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return the result as lines to print."""
        p50s = {name: [load.p50_ms for load in loads] for name, loads in self.loads.items()}
        ratio = Ratio.of(p50s[_WITH], p50s[_WITHOUT])
        refused = sum(streams.refused for streams in self.streams)
        broken = sum(streams.broken for streams in self.streams)
        pages = sum(load.refused + load.broken for loads in self.loads.values() for load in loads)
        verdict = "met" if ratio.median <= _BAR and not (refused or broken or pages) else "MISSED"
        return [
            f"{STREAMS} streams, {QUERYING} of which query the database every {PERIOD_S} s; one worker, "
            f"{len(p50s[_WITH])} rounds of {_BLOCK_S} s",
            f"/items p50 with streams / without: {ratio.median:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]  "
            f"bar ≤ {_BAR:g}; refused pages {pages}, refused streams {refused}, broken streams {broken}, "
            f"events {sum(streams.events for streams in self.streams)}: {verdict}",
        ]


async def measure(testbed: Testbed, rng: random.Random, progress: Progress) -> MeasuredStreams:
    """Load a page of one worker with and without open streams, in random order.

    Raise CompareError when the page or the streams do not answer.
    """
    measured = MeasuredStreams()
    database = testbed.database("bench_streams")
    with servers.server(servers.OURS, database, testbed, workers=1) as server:
        await drive(f"{server.url}/items", connections=_CONNECTIONS, duration_s=_BLOCK_S)
        progress.begin("streams", 2 * _ROUNDS)
        for name in interleaved([_WITH, _WITHOUT], _ROUNDS, rng):
            if name == _WITH:
                async with _open_streams(server.url, rng) as streams:
                    measured.loads[name].append(await _load(server.url))
                measured.streams.append(streams)
            else:
                measured.loads[name].append(await _load(server.url))
            progress.advance()
    return measured


async def _load(url: str) -> Load:
    load = await drive(f"{url}/items", connections=_CONNECTIONS, duration_s=_BLOCK_S)
    if load.good_per_s == 0:
        raise CompareError(
            f"the page answered nothing ({load.refused} refused, {load.broken} broken); check the server"
        )
    return load


@asynccontextmanager
async def _open_streams(url: str, rng: random.Random) -> AsyncIterator[Streams]:
    streams = Streams()
    opened: asyncio.Queue[None] = asyncio.Queue()
    # The streams are out of phase, like browsers' streams.
    paths = [
        f"/feed?period_s={PERIOD_S}&first_s={rng.uniform(0, PERIOD_S):.2f}&query={int(number < QUERYING)}"
        for number in range(STREAMS)
    ]
    readers = [asyncio.create_task(_read(url, path, streams, opened)) for path in paths]
    try:
        async with asyncio.timeout(_OPENING_S):
            for _ in readers:
                await opened.get()
        yield streams
    except TimeoutError:
        raise CompareError(f"{STREAMS} streams did not open within {_OPENING_S:.0f} s; check the server") from None
    finally:
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)


async def _read(url: str, path: str, streams: Streams, opened: asyncio.Queue[None]) -> None:
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    headers = {"Host": host, **FORWARDED_HEADERS}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
    try:
        if b" 200 " not in await reader.readline():
            streams.refused += 1
            opened.put_nowait(None)
            return
        opened.put_nowait(None)
        while line := await reader.readline():
            streams.events += line.startswith(b"data:")
        streams.broken += 1
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
