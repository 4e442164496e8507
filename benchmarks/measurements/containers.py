"""Requests per second of the servers, and what they hold of the database when crowded."""

import random
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from benchmarks.contenders import servers
from benchmarks.contenders.surroundings import Surroundings
from benchmarks.measurements.wrk import Load, drive
from benchmarks.plan import Plan
from benchmarks.ratio import interleaved
from django_runtimes.cli.progress import Progress
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.run.connection_sampler import ConnectionSampler

PATHS = ("/ping", "/items")
_CONNECTIONS = 16
_CROWD = 64
_WARM_UP_S = 1

Loads = dict[str, list[Load]]


@dataclass
class MeasuredServers:
    """What the servers did: at 16 connections by path, at 64 on `/items`, and our backends then, a peak a round."""

    paths: dict[str, Loads] = field(default_factory=dict)
    crowd: Loads = field(default_factory=dict)
    backends: list[float] = field(default_factory=list)


async def measure(plan: Plan, surroundings: Surroundings, chance: random.Random, progress: Progress) -> MeasuredServers:
    """Start all servers, then load one after the other; ours has a database of its own, to count its backends."""
    ours = surroundings.database("bench_ours")
    peers = surroundings.database("bench_peers")
    measured = MeasuredServers()
    with ExitStack() as running:
        progress.begin("containers, start", len(servers.SERVERS))
        urls = {}
        for name in servers.SERVERS:
            database = ours if name == servers.OURS else peers
            urls[name] = running.enter_context(servers.server(name, database, surroundings)).url
            progress.advance()
        for path in PATHS:
            measured.paths[path] = await measure_path(path, urls, plan, chance, progress)
        contenders = [servers.OURS, servers.GTHREAD]
        progress.begin("containers, /items crowded", plan.crowd_rounds * len(contenders))
        measured.crowd = {name: [] for name in contenders}
        async with ConnectionSampler(surroundings.server.administration_url, [ours]) as sampler:
            for name in interleaved(contenders, plan.crowd_rounds, chance):
                window = sampler.window(ours)
                load = await drive(urls[name] + "/items", connections=_CROWD, duration_s=plan.crowd_block_s)
                held = await window.stop()
                measured.crowd[name].append(_working(name, load))
                if name == servers.OURS:
                    measured.backends.append(held.peak)
                progress.advance()
    return measured


async def measure_path(
    path: str, urls: Mapping[str, str], plan: Plan, chance: random.Random, progress: Progress
) -> Loads:
    """Load one running server after the other at 16 connections, in random order each round."""
    await warm_up(path, urls)
    progress.begin(f"containers, {path}", plan.container_rounds * len(urls))
    loads: Loads = {name: [] for name in urls}
    for name in interleaved(list(urls), plan.container_rounds, chance):
        loads[name].append(await block(name, urls[name] + path, plan))
        progress.advance()
    return loads


async def block(name: str, url: str, plan: Plan) -> Load:
    """One server's part of a round; raises CompareError when it answers nothing."""
    return _working(name, await drive(url, connections=_CONNECTIONS, duration_s=plan.container_block_s))


async def warm_up(path: str, urls: Mapping[str, str]) -> None:
    """Each server answers, and all answer the same."""
    first = next(iter(urls))
    expected = servers.answer(urls[first] + path)
    for name, url in urls.items():
        body = servers.answer(url + path)
        if body is None or body != expected:
            raise CompareError(f"{name} answers {path} with {body!r} where {first} answers {expected!r}")
        await drive(url + path, connections=_CONNECTIONS, duration_s=_WARM_UP_S)


def _working(name: str, load: Load) -> Load:
    if load.good_per_s == 0:
        raise CompareError(f"{name} answered nothing under load: {load.refused} refused, {load.broken} broken")
    return load
