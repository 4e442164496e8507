"""Measures how long the first chunk of a stream takes from the view of a function to its client, on the emulator."""

import asyncio
import random
from collections.abc import Mapping
from contextlib import AsyncExitStack
from statistics import median

from benchmarks.contenders.testbed import Testbed
from benchmarks.ratio import interleaved
from django_runtimes.cli.progress import Progress
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.emulator.function_url import FunctionUrl
from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.load.access import FORWARDED_HEADERS
from django_runtimes.compare.load.http_client import HttpClient
from django_runtimes.compare.workload.workload import DEFAULT_HOST

REQUESTS = 200
_WARM_UP = 10
_BAR_MS, _GOAL_MS = 20.0, 5.0
_PATHS = {"synchronous iterator": "/moments?async=0", "asynchronous iterator": "/moments?async=1"}
_TIMEOUT_S = 30.0


async def measure(testbed: Testbed, rng: random.Random, progress: Progress) -> Mapping[str, list[float]]:
    """Return the ms of each request by kind of iterator, in random order; raise CompareError for a failed request."""
    function = Function(
        name="bench",
        handler="django_runtimes.entrypoints.aws_lambda.handler",
        environ={
            **testbed.environ(testbed.database("bench_first_byte")),
            "WEBAPP_DB_STRATEGY": "persistent",
            "WEBAPP_DB_ROUTE": "direct",
            "WEBAPP_STREAM_FRONT": "function_url",
        },
        log_directory=testbed.workspace / "first byte",
        task_root=testbed.checkout,
        python=str(testbed.python),
    )
    measured: dict[str, list[float]] = {kind: [] for kind in _PATHS}
    async with AsyncExitStack() as stack:
        emulator = await stack.enter_async_context(LambdaEmulator(function))
        await emulator.warm(1)
        front = await stack.enter_async_context(FunctionUrl(emulator))
        client = HttpClient(
            headers={"Host": DEFAULT_HOST, **FORWARDED_HEADERS}, timeout_s=_TIMEOUT_S, keepalive_s=_TIMEOUT_S
        )
        stack.callback(client.close)
        progress.begin("first bytes", len(_PATHS) * (_WARM_UP + REQUESTS))
        for kind in interleaved(list(_PATHS), _WARM_UP + REQUESTS, rng):
            measured[kind].append(await _first_byte_ms(client, front.url, _PATHS[kind]))
            progress.advance()
    return {kind: values[_WARM_UP:] for kind, values in measured.items()}


async def _first_byte_ms(client: HttpClient, url: str, path: str) -> float:
    response = await client.request("GET", url, path, headers={}, body=None)
    made = response.content.partition(b"\n")[0]
    if response.status != 200 or response.first_byte_s is None or "chunked" not in str(response.headers):
        raise CompareError(f"{path} answered {response.status} {made!r} without a stream; check the function's log")
    # Both processes read the same clock of this machine.
    return (response.first_byte_s - float(made)) * 1_000


def lines(measured: Mapping[str, list[float]]) -> list[str]:
    """Return the result as lines to print."""
    return [
        f"first byte after the view's first chunk, emulated, {kind}, median of {len(values)}: {median(values):.2f} ms  "
        f"bar ≤ {_BAR_MS:g} {'met' if median(values) <= _BAR_MS else 'MISSED'}, "
        f"goal ≤ {_GOAL_MS:g} {'met' if median(values) <= _GOAL_MS else 'not met'}"
        for kind, values in measured.items()
    ]


def run(testbed: Testbed, rng: random.Random, progress: Progress) -> list[str]:
    """Measure, and return the result as lines to print."""
    return lines(asyncio.run(measure(testbed, rng, progress)))
