"""Measures the current code and another revision of it in the same rounds."""

import asyncio
import random
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contenders import servers
from benchmarks.contenders.entry_points import lambda_handler
from benchmarks.contenders.peers import CHECKOUT, revision_python
from benchmarks.contenders.revision import Revision, worktree
from benchmarks.contenders.testbed import Testbed
from benchmarks.cost import NEW, OLD, Cost, Rounds
from benchmarks.measurements import containers, lambda_cold, lambda_warm
from benchmarks.plan import Plan
from benchmarks.ratio import interleaved
from django_runtimes.cli.progress import Progress
from django_runtimes.compare.services.postgres import PostgresServer

# How often a comparison starts each process.
_STARTS = 8


@dataclass(frozen=True)
class Contender:
    """One of the two revisions, with a database of its own."""

    testbed: Testbed
    database: str

    @classmethod
    def prepare(cls, name: str, checkout: Path, server: PostgresServer, workspace: Path) -> "Contender":
        """Return a contender with the packages of its own lock file and the tables of its own migrations."""
        directory = workspace / name
        directory.mkdir()
        python = revision_python(checkout, workspace / "packages.log")
        testbed = Testbed(python, server, f"bench_{name}_template", directory, checkout)
        testbed.prepare()
        return cls(testbed, testbed.database(f"bench_{name}"))


Contenders = Mapping[str, Contender]


def measure(
    plan: Plan,
    revision: Revision,
    server: PostgresServer,
    workspace: Path,
    *,
    rng: random.Random,
    progress: Progress,
) -> list[Cost]:
    """Measure every figure of both revisions; raise CompareError if one of them cannot be measured."""
    with ExitStack() as stack:
        checkouts = {NEW: CHECKOUT, OLD: stack.enter_context(worktree(revision, workspace / "revision"))}
        progress.begin("both revisions' packages and databases", len(checkouts))
        contenders = {}
        for name, checkout in checkouts.items():
            contenders[name] = Contender.prepare(name, checkout, server, workspace)
            progress.advance()
        return [
            *_warm(plan, contenders, rng, progress),
            _cold(plan, contenders, rng, progress),
            *asyncio.run(_containers(plan, contenders, rng, progress)),
        ]


def _warm(plan: Plan, contenders: Contenders, rng: random.Random, progress: Progress) -> list[Cost]:
    requests = ("GET /ping", "GET /items")
    rounds: dict[str, Rounds] = {request: {name: [] for name in contenders} for request in requests}
    progress.begin("Lambda, warm", plan.warm_rounds * len(contenders) * len(requests))
    for some_rounds in _rounds_of_each_start(plan.warm_rounds):
        with ExitStack() as running:
            callers = {}
            for name in rng.sample(list(contenders), k=len(contenders)):
                contender = contenders[name]
                handler = lambda_handler(contender.testbed.checkout)
                caller = lambda_warm.caller(name, handler, contender.database, contender.testbed)
                callers[name] = running.enter_context(caller)
            for request in requests:
                event, status, _ = lambda_warm.EVENTS[request]
                lambda_warm.warm_up(event, status, callers)
                for name in interleaved(list(callers), some_rounds, rng):
                    rounds[request][name].append(callers[name].call(event, status, plan.warm_batch_s)[0])
                    progress.advance()
    return [Cost(f"Lambda, {request}, warm p50, in process", "µs", rounds[request]) for request in requests]


def _rounds_of_each_start(rounds: int) -> list[int]:
    """Divide the rounds among several starts, since one start of the same code may be faster than another."""
    return [len(range(start, rounds, _STARTS)) for start in range(_STARTS)]


def _cold(plan: Plan, contenders: Contenders, rng: random.Random, progress: Progress) -> Cost:
    starts = {
        name: lambda_cold.ColdStart(contender.testbed, contender.database).cpu_until_next_ms
        for name, contender in contenders.items()
    }
    rounds = lambda_cold.measure_starts(starts, plan.cold_rounds, rng, progress)
    return Cost("Lambda, cold start CPU, image entrypoint to first /next", "ms", rounds)


async def _containers(plan: Plan, contenders: Contenders, rng: random.Random, progress: Progress) -> list[Cost]:
    throughput: dict[str, Rounds] = {path: {name: [] for name in contenders} for path in containers.PATHS}
    cpu: dict[str, Rounds] = {path: {name: [] for name in contenders} for path in containers.PATHS}
    progress.begin("containers", plan.container_rounds * len(contenders) * len(containers.PATHS))
    for rounds in _rounds_of_each_start(plan.container_rounds):
        with ExitStack() as stack:
            running = {}
            for name in rng.sample(list(contenders), k=len(contenders)):
                contender = contenders[name]
                server = servers.server(servers.OURS, contender.database, contender.testbed)
                running[name] = stack.enter_context(server)
            for path in containers.PATHS:
                await containers.warm_up(path, {name: server.url for name, server in running.items()})
                for name in interleaved(list(running), rounds, rng):
                    before_s = running[name].cpu_s()
                    load = await containers.block(name, running[name].url + path, plan)
                    throughput[path][name].append(load.good_per_s)
                    cpu[path][name].append((running[name].cpu_s() - before_s) * 1e6 / load.answers)
                    progress.advance()
    return [
        *(
            Cost(f"container, GET {path}, 16 connections", "requests/s", throughput[path], more_is_better=True)
            for path in containers.PATHS
        ),
        *(Cost(f"container, GET {path}, CPU time per request", "µs", cpu[path]) for path in containers.PATHS),
    ]
