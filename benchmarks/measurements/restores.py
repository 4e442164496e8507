"""Measures a function's first answer after a restore from a snapshot and after a start, on the emulator."""

import asyncio
import random
import subprocess
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from benchmarks.contenders.entry_points import lambda_handler, launch_module
from benchmarks.contenders.module_bundle import bundle_variables
from benchmarks.contenders.testbed import Testbed
from benchmarks.ratio import Ratio, interleaved
from django_runtimes.cli import processes
from django_runtimes.cli.progress import Progress
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.emulator.function_url import FunctionUrl
from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.load.access import FORWARDED_HEADERS
from django_runtimes.compare.load.http_client import HttpClient
from django_runtimes.compare.workload.workload import DEFAULT_HOST

ROUNDS = 30
_RESTORE, _START = "restore", "start"
_PATHS = ("/ping", "/items")
_BAR, _GOAL = 0.25, 0.1
_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class LaunchedFunction(Function):
    """A function that the launcher starts, as in the image."""

    def start(self, *, runtime_api: str, log_stream: str, log: Path) -> subprocess.Popen[bytes]:
        """Start an execution environment that calls the Runtime API at host:port; return its session leader."""
        return processes.spawn(
            [self.python, "-m", launch_module(self.task_root)],
            environ=self.process_environ(runtime_api=runtime_api, log_stream=log_stream),
            log=log,
            directory=self.task_root,
        )


async def measure(testbed: Testbed, rng: random.Random, progress: Progress) -> dict[str, dict[str, list[float]]]:
    """Return, for each path, the ms of each first answer by the kind of start; raise CompareError for a failure."""
    measured: dict[str, dict[str, list[float]]] = {path: {_RESTORE: [], _START: []} for path in _PATHS}
    async with AsyncExitStack() as stack:
        client = HttpClient(
            headers={"Host": DEFAULT_HOST, **FORWARDED_HEADERS}, timeout_s=_TIMEOUT_S, keepalive_s=_TIMEOUT_S
        )
        stack.callback(client.close)
        running: dict[str, tuple[LambdaEmulator, str]] = {}
        for kind, function in _functions(testbed).items():
            emulator = await stack.enter_async_context(LambdaEmulator(function))
            front = await stack.enter_async_context(FunctionUrl(emulator))
            running[kind] = emulator, front.url
        progress.begin("restores and starts", len(_PATHS) * len(running) * (ROUNDS + 1))
        for path in _PATHS:
            # The first round reads files from the disk.
            for kind in (*running, *interleaved(list(running), ROUNDS, rng)):
                measured[path][kind].append(await _first_answer_ms(client, *running[kind], path))
                progress.advance()
    return {path: {kind: values[1:] for kind, values in kinds.items()} for path, kinds in measured.items()}


def _functions(testbed: Testbed) -> dict[str, Function]:
    logs = {kind: testbed.workspace / kind for kind in (_RESTORE, _START)}
    for folder in logs.values():
        folder.mkdir()
    start = LaunchedFunction(
        name="bench",
        handler=lambda_handler(testbed.checkout),
        environ={**testbed.environ(testbed.database("bench_restores")), "WEBAPP_DB_ROUTE": "direct"},
        log_directory=logs[_START],
        init_timeout_s=_TIMEOUT_S,
        task_root=testbed.checkout,
        python=str(testbed.python),
    )
    bundle = bundle_variables(testbed, start.environ, "restores")
    return {
        _RESTORE: replace(start, log_directory=logs[_RESTORE], snap_start=True),
        _START: replace(start, environ={**start.environ, **bundle}),
    }


async def _first_answer_ms(client: HttpClient, emulator: LambdaEmulator, url: str, path: str) -> float:
    await emulator.retire_all()
    started_s = time.perf_counter()
    response = await client.request("GET", url, path, headers={}, body=None)
    if response.status != 200:
        raise CompareError(f"{path} answered {response.status}; check the function's log")
    return (time.perf_counter() - started_s) * 1_000


def lines(measured: Mapping[str, Mapping[str, list[float]]]) -> list[str]:
    """Return the result as lines to print."""
    return [
        f"{ratio.median:8.3f} [{ratio.low:.3f}, {ratio.high:.3f}]  bar ≤ {_BAR:g} "
        f"{'met' if ratio.median <= _BAR else 'MISSED'}, goal ≤ {_GOAL:g} "
        f"{'met' if ratio.median <= _GOAL else 'not met'}: emulated restore to the first answer of {path} "
        f"({median(kinds[_RESTORE]):.0f} ms) / start of the same function with the image's bundle "
        f"({median(kinds[_START]):.0f} ms), median of {len(kinds[_START])}"
        for path, kinds in measured.items()
        for ratio in (Ratio.of(kinds[_RESTORE], kinds[_START]),)
    ]


def run(testbed: Testbed, rng: random.Random, progress: Progress) -> list[str]:
    """Measure, and return the result as lines to print."""
    return lines(asyncio.run(measure(testbed, rng, progress)))
