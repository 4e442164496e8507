"""Measures what each part that a variable turns on adds to a request for /ping."""

import math
import random
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from statistics import median

from benchmarks.contenders import servers
from benchmarks.contenders.testbed import Testbed
from benchmarks.cost import NEW, OLD, Cost
from benchmarks.measurements import containers, lambda_warm
from benchmarks.plan import Plan
from benchmarks.ratio import interleaved
from django_runtimes.cli.progress import Progress

_OFF = "off"
_WITH_METRICS = "access log and metrics"
_ACCESS_LOG = {"WEBAPP_ACCESS_LOG": "1", "WEBAPP_LOG_FORMAT": "json"}
_METRICS = {**_ACCESS_LOG, "WEBAPP_METRICS": "emf", "WEBAPP_STAGE": "bench"}
# Each contender but the last also has the parts of the one before it.
PARTS: Mapping[str, Mapping[str, str]] = {
    _OFF: {},
    "access log": _ACCESS_LOG,
    _WITH_METRICS: _METRICS,
    "access log, metrics and traces": {**_METRICS, "WEBAPP_TRACES": "otlp", "OTEL_TRACES_SAMPLER": "always_off"},
    "security headers": {"WEBAPP_SECURITY_HEADERS": "1"},
}
_PATH = "/ping"
# How many times as much as without any part a request may take.
BARS: Mapping[str, float] = {_WITH_METRICS: 1.25}


async def measure(plan: Plan, testbed: Testbed, rng: random.Random, progress: Progress) -> list[str]:
    """Return a line for each part on Lambda and in a container: its cost as a ratio and as a difference."""
    database = testbed.database("bench_parts")
    # The servers' and the callers' logs have the same names, so each contender has a folder.
    testbeds = {}
    for name, variables in PARTS.items():
        workspace = testbed.workspace / name.replace(" ", "-")
        workspace.mkdir()
        testbeds[name] = replace(testbed, variables=variables, workspace=workspace)
    warm = _warm(plan, database, testbeds, rng, progress)
    cpu = await _container_cpu(plan, database, testbeds, rng, progress)
    return [
        *as_lines("Lambda, GET /ping, warm p50, in process", warm),
        *as_lines("container, GET /ping, CPU time per request", cpu),
    ]


def _warm(
    plan: Plan, database: str, testbeds: Mapping[str, Testbed], rng: random.Random, progress: Progress
) -> dict[str, list[float]]:
    event, status, _ = lambda_warm.EVENTS[f"GET {_PATH}"]
    handler = "django_runtimes.entrypoints.aws_lambda.handler"
    rounds: dict[str, list[float]] = {name: [] for name in testbeds}
    progress.begin("Lambda, warm", plan.warm_rounds * len(testbeds))
    with ExitStack() as running:
        callers = {
            name: running.enter_context(lambda_warm.caller(name, handler, database, each))
            for name, each in testbeds.items()
        }
        lambda_warm.warm_up(event, status, callers)
        for name in interleaved(list(callers), plan.warm_rounds, rng):
            rounds[name].append(callers[name].call(event, status, plan.warm_batch_s)[0])
            progress.advance()
    return rounds


async def _container_cpu(
    plan: Plan, database: str, testbeds: Mapping[str, Testbed], rng: random.Random, progress: Progress
) -> dict[str, list[float]]:
    rounds: dict[str, list[float]] = {name: [] for name in testbeds}
    progress.begin("containers", plan.container_rounds * len(testbeds))
    with ExitStack() as stack:
        running = {
            name: stack.enter_context(servers.server(servers.OURS, database, each)) for name, each in testbeds.items()
        }
        await containers.warm_up(_PATH, {name: server.url for name, server in running.items()})
        for name in interleaved(list(running), plan.container_rounds, rng):
            before_s = running[name].cpu_s()
            load = await containers.block(name, running[name].url + _PATH, plan)
            rounds[name].append((running[name].cpu_s() - before_s) * 1e6 / load.answers)
            progress.advance()
    return rounds


def as_lines(figure: str, rounds: Mapping[str, Sequence[float]]) -> list[str]:
    """Return a line for each part: its ratio with interval, its verdict if it has a bar, and its difference."""
    lines = []
    off_us = median(rounds[_OFF])
    for name in rounds:
        if name == _OFF:
            continue
        cost = Cost(name, "µs", {NEW: list(rounds[name]), OLD: list(rounds[_OFF])}, bar=BARS.get(name, math.inf))
        ratio = cost.ratio
        verdict = f"bar < {cost.bar:.3f} {cost.verdict}: " if name in BARS else ""
        lines.append(
            f"{ratio.median:8.3f} [{ratio.low:.3f}, {ratio.high:.3f}]  {verdict}"
            f"{median(rounds[name]) - off_us:+.1f} µs to {off_us:.1f} µs: {figure}, {name}"
        )
    return lines
