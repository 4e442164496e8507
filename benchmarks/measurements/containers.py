"""Measures the servers' requests per second, and their database connections under many clients."""

import random
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from benchmarks.contenders import servers
from benchmarks.contenders.testbed import Testbed
from benchmarks.measurements.wrk import Load, drive
from benchmarks.plan import Plan
from benchmarks.ratio import interleaved
from django_runtimes.cli.progress import Progress
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.engines.postgresql_counter import PostgresqlCounter
from django_runtimes.compare.meters.connection_sampler import ConnectionSampler

PATHS = ("/ping", "/items")
_CONNECTIONS = 16
_CROWD = 64
_WARM_UP_S = 1

Loads = dict[str, list[Load]]


@dataclass
class MeasuredServers:
    """The loads at 16 connections by path, and at 64 on `/items`; `backends` are our server's peaks by round."""

    paths: dict[str, Loads] = field(default_factory=dict)
    crowd: Loads = field(default_factory=dict)
    backends: list[float] = field(default_factory=list)


async def measure(plan: Plan, testbed: Testbed, rng: random.Random, progress: Progress) -> MeasuredServers:
    """Start all servers, then load one at a time; ours has its own database, so that its backends can be counted."""
    ours = testbed.database("bench_ours")
    peers = testbed.database("bench_peers")
    measured = MeasuredServers()
    with ExitStack() as running:
        progress.begin("containers, start", len(servers.SERVERS))
        urls = {}
        for name in servers.SERVERS:
            database = ours if name == servers.OURS else peers
            urls[name] = running.enter_context(servers.server(name, database, testbed)).url
            progress.advance()
        for path in PATHS:
            measured.paths[path] = await measure_path(path, urls, plan, rng, progress)
        contenders = [servers.OURS, servers.GTHREAD]
        progress.begin("containers, /items crowded", plan.crowd_rounds * len(contenders))
        measured.crowd = {name: [] for name in contenders}
        async with ConnectionSampler(PostgresqlCounter(testbed.server.administration_url), [ours]) as sampler:
            for name in interleaved(contenders, plan.crowd_rounds, rng):
                window = sampler.window(ours)
                load = await drive(urls[name] + "/items", connections=_CROWD, duration_s=plan.crowd_block_s)
                held = await window.stop()
                measured.crowd[name].append(_working(name, load))
                if name == servers.OURS:
                    measured.backends.append(held.peak)
                progress.advance()
    return measured


async def measure_path(path: str, urls: Mapping[str, str], plan: Plan, rng: random.Random, progress: Progress) -> Loads:
    """Load the running servers one at a time with 16 connections, in random order in each round."""
    await warm_up(path, urls)
    progress.begin(f"containers, {path}", plan.container_rounds * len(urls))
    loads: Loads = {name: [] for name in urls}
    for name in interleaved(list(urls), plan.container_rounds, rng):
        loads[name].append(await block(name, urls[name] + path, plan))
        progress.advance()
    return loads


async def block(name: str, url: str, plan: Plan) -> Load:
    """Load one server for one block; raise CompareError when it answers nothing."""
    return _working(name, await drive(url, connections=_CONNECTIONS, duration_s=plan.container_block_s))


async def warm_up(path: str, urls: Mapping[str, str]) -> None:
    """Warm up each server; raise CompareError when one does not answer, or answers differently."""
    first = next(iter(urls))
    expected = servers.answer(urls[first] + path)
    for name, url in urls.items():
        body = servers.answer(url + path)
        if body is None or body != expected:
            raise CompareError(
                f"{name} answers {path} with {body!r}, but {first} answers {expected!r}; check its settings"
            )
        await drive(url + path, connections=_CONNECTIONS, duration_s=_WARM_UP_S)


def _working(name: str, load: Load) -> Load:
    if load.good_per_s == 0:
        raise CompareError(f"{name} answered nothing under load: {load.refused} refused, {load.broken} broken")
    return load
