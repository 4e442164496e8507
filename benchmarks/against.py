"""Measures the present code beside another revision of it, both in the same rounds."""

import asyncio
import random
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import containers, lambda_cold, lambda_warm, servers
from benchmarks.cost import NEW, OLD, Cost, Rounds
from benchmarks.entry_points import lambda_handler
from benchmarks.peers import CHECKOUT, revision_python
from benchmarks.plan import Plan
from benchmarks.ratio import interleaved
from benchmarks.revision import Revision, worktree
from benchmarks.surroundings import Surroundings
from webapp.compare.progress import Reporter
from webapp.compare.services.postgres import PostgresServer


@dataclass(frozen=True)
class Contender:
    """One of the two revisions, with a database that nothing else uses."""

    surroundings: Surroundings
    database: str

    @classmethod
    def prepare(cls, name: str, checkout: Path, server: PostgresServer, workspace: Path) -> "Contender":
        """With the packages of its own lock file and the tables of its own migrations."""
        directory = workspace / name
        directory.mkdir()
        python = revision_python(checkout, workspace / "packages.log")
        surroundings = Surroundings(python, server, f"bench_{name}_template", directory, checkout)
        surroundings.prepare()
        return cls(surroundings, surroundings.database(f"bench_{name}"))


Contenders = Mapping[str, Contender]


def measure(
    plan: Plan,
    revision: Revision,
    server: PostgresServer,
    workspace: Path,
    *,
    chance: random.Random,
    reporter: Reporter,
) -> list[Cost]:
    """Every figure of both; raises CompareError when one of them cannot be measured."""
    with ExitStack() as stack:
        checkouts = {NEW: CHECKOUT, OLD: stack.enter_context(worktree(revision, workspace / "revision"))}
        reporter.begin("both revisions' packages and databases", len(checkouts))
        contenders = {}
        for name, checkout in checkouts.items():
            contenders[name] = Contender.prepare(name, checkout, server, workspace)
            reporter.advance()
        return [
            *_warm(plan, contenders, chance, reporter),
            _cold(plan, contenders, chance, reporter),
            *asyncio.run(_containers(plan, contenders, chance, reporter)),
        ]


def _warm(plan: Plan, contenders: Contenders, chance: random.Random, reporter: Reporter) -> list[Cost]:
    costs = []
    with ExitStack() as running:
        callers = {}
        for name, contender in contenders.items():
            handler = lambda_handler(contender.surroundings.checkout)
            caller = lambda_warm.caller(name, handler, contender.database, contender.surroundings)
            callers[name] = running.enter_context(caller)
        for request in ("GET /ping", "GET /items"):
            event, status, _ = lambda_warm.EVENTS[request]
            lambda_warm.warm_up(event, status, callers)
            rounds: Rounds = {name: [] for name in callers}
            reporter.begin(f"Lambda, {request}", plan.warm_rounds * len(callers))
            for name in interleaved(list(callers), plan.warm_rounds, chance):
                rounds[name].append(callers[name].call(event, status, plan.warm_batch_s)[0])
                reporter.advance()
            costs.append(Cost(f"Lambda, {request}, warm p50, in process", "µs", rounds))
    return costs


def _cold(plan: Plan, contenders: Contenders, chance: random.Random, reporter: Reporter) -> Cost:
    starts = {
        name: lambda_cold.ColdStart(contender.surroundings, contender.database).cpu_until_next_ms
        for name, contender in contenders.items()
    }
    rounds = lambda_cold.measure_starts(starts, plan.cold_rounds, chance, reporter)
    return Cost("Lambda, cold start CPU, image entrypoint to first /next", "ms", rounds)


async def _containers(plan: Plan, contenders: Contenders, chance: random.Random, reporter: Reporter) -> list[Cost]:
    costs = []
    with ExitStack() as running:
        urls = {
            name: running.enter_context(servers.server(servers.OURS, contender.database, contender.surroundings))
            for name, contender in contenders.items()
        }
        for path in containers.PATHS:
            loads = await containers.measure_path(path, urls, plan, chance, reporter)
            rounds = {name: [load.good_per_s for load in of_one] for name, of_one in loads.items()}
            costs.append(Cost(f"container, GET {path}, 16 connections", "requests/s", rounds, more_is_better=True))
    return costs
