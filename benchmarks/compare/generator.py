"""`make generator`: how punctually the load generator of the comparison sends 5,000 requests/s.

The generator has one core, and sends to a server that answers at once on another core. In each round a bare timer loop
waits for the same moments and sends nothing, so that delays of the machine are not counted as the generator's.
"""

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import uvloop

from benchmarks.compare.measured_command import argument_parser, run_command
from django_runtimes.cli import processes
from django_runtimes.cli.tool_error import ToolError, UsageError
from django_runtimes.compare.load.arrivals import poisson_arrivals
from django_runtimes.compare.load.block import LATE_MS
from django_runtimes.compare.load.generator import LoadGenerator
from django_runtimes.compare.load.ledger import Ledger
from django_runtimes.compare.load.pace import Pace, without_garbage_collection
from django_runtimes.compare.workload.workload import RequestTemplate

RATE_RPS = 5_000.0
ROUNDS = 5
DURATION_S = 5.0
# In percentage points.
_MOST_LATE_POINTS = 0.1
_LEAST_ANSWERED_RPS = 0.99 * RATE_RPS
_READ = RequestTemplate(
    name="read", scenario="read", method="GET", path="/", headers={}, body=None, share=1, expected_status=200
)


@dataclass(frozen=True)
class Round:
    """The shares of late sends of both loops, in percent, and the rate of expected answers, in requests/s."""

    bare_late: float
    late: float
    answered_rps: float

    @property
    def more_late_points(self) -> float:
        """The generator's share of late sends minus the bare loop's, in percentage points."""
        return self.late - self.bare_late


async def bare_late_percent(offsets_s: Sequence[float]) -> float:
    """Return the share of late moments of a loop that only waits for each moment, in percent."""
    pace = Pace()
    late = 0
    with without_garbage_collection():
        start = time.perf_counter()
        for offset_s in offsets_s:
            await pace.wait_until(start + offset_s)
            late += (time.perf_counter() - start - offset_s) * 1_000 > LATE_MS
    return 100 * late / len(offsets_s)


async def measure(url: str) -> list[Round]:
    """Measure both loops in turns, in random order."""
    rng = random.Random(0)  # noqa: S311 - no secret
    rounds = []
    async with LoadGenerator() as generator:
        for seed in range(ROUNDS):
            offsets_s = poisson_arrivals(RATE_RPS, DURATION_S, seed)
            bare = None if rng.random() < 0.5 else await bare_late_percent(offsets_s)
            block = await generator.steady(
                url, [_READ], rate_rps=RATE_RPS, duration_s=DURATION_S, seed=seed, ledger=Ledger("null", seed)
            )
            if bare is None:
                bare = await bare_late_percent(offsets_s)
            rounds.append(Round(bare, 100 * block.late / block.sent, block.ok / block.duration_s))
    return rounds


@contextmanager
def null_server() -> Iterator[str]:
    """Start the server on the last core, and yield its URL; this process keeps the first core."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise UsageError("the machine has 1 CPU, and the load generator and the server need one each; use 2 or more")
    command = processes.bound_to_parent([sys.executable, "-m", "benchmarks.null_server"])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101  (it is a pipe)
        os.sched_setaffinity(process.pid, cores[-1:])
        os.sched_setaffinity(0, cores[:1])
        try:
            port = process.stdout.readline().strip()
            if not port:
                raise ToolError("the server did not start; its error is above")
            yield f"http://127.0.0.1:{port}"
        finally:
            os.sched_setaffinity(0, cores)
            process.terminate()


def outcome(rounds: Sequence[Round]) -> tuple[tuple[str, ...], bool]:
    """Return a line for each bar, and whether all are kept."""
    more = median(each.more_late_points for each in rounds)
    answered_rps = median(each.answered_rps for each in rounds)
    lines = (
        f"more late sends than the bare timer loop: {more:+.3f} percentage points, median of {len(rounds)} "
        f"(bar: at most {_MOST_LATE_POINTS})",
        f"answered: {answered_rps:,.0f} requests/s, median of {len(rounds)} (bar: at least {_LEAST_ANSWERED_RPS:,.0f})",
    )
    return lines, more <= _MOST_LATE_POINTS and answered_rps >= _LEAST_ANSWERED_RPS


def report(options: argparse.Namespace) -> bool:
    """Print each round and the bars."""
    with null_server() as url:
        rounds = uvloop.run(measure(url))
    sys.stdout.write(f"{ROUNDS} rounds of {DURATION_S:g} s at {RATE_RPS:,.0f} requests/s; late: over {LATE_MS:g} ms\n")
    for each in rounds:
        sys.stdout.write(
            f"late {each.late:.3f} %, bare timer loop {each.bare_late:.3f} %, "
            f"answered {each.answered_rps:,.0f} requests/s\n"
        )
    lines, is_kept = outcome(rounds)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return is_kept


def main(arguments: Sequence[str]) -> int:
    """Measure, and return the exit code."""
    parser = argument_parser("make generator", "Measure how punctually the load generator sends 5,000 requests/s.")
    return run_command(parser, arguments, report)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
