"""`make saved-run`: how long `webapp report` takes for a saved run of a million samples.

The run is as large as one of `webapp compare --budget 15m`: five targets, reads and writes at three rates each.
"""

import random
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median

from django_runtimes.compare.load.block import Block
from django_runtimes.compare.load.histogram import LatencyHistogram
from django_runtimes.compare.record.results import ConnectionCounts, Run, ScenarioResult, TargetResult
from django_runtimes.compare.run.subject import failed_result
from django_runtimes.compare.targets.cold_starts import ColdStarts
from django_runtimes.compare.targets.name import DEFAULT_TARGETS, TargetName

BAR_S = 5.0
_REPORTS = 3
_SAMPLES, _BLOCKS = 1_000_000, 34
_LOADS = [(scenario, rate_rps) for scenario in ("read", "write") for rate_rps in (20.0, 100.0, 160.0)]
_COUNTS = ConnectionCounts(peak=8, mean=2.5, opened=8)


def saved_run() -> Run:
    """Return a run with a million samples."""
    rng = random.Random(1)  # noqa: S311 - no secret
    environment = {
        "workload": "guestbook",
        "plan": {"budget_s": 900.0},
        "aa_pairs": [["aws_app_runner/pool/direct", "aws_ecs/pool/direct"]],
    }
    return Run(environment, tuple(_target(rng, name) for name in DEFAULT_TARGETS))


def _target(rng: random.Random, name: TargetName) -> TargetResult:
    return replace(
        failed_result(name, ""),
        status="measured",
        error=None,
        scenarios=tuple(
            ScenarioResult.of_blocks(*load, {index: _block(rng) for index in range(_BLOCKS)}, _COUNTS)
            for load in _LOADS
        ),
        cold_start_ms=ColdStarts.of_phases([400.0] * 5, [40.0] * 5),
        connections=_COUNTS,
    )


def _block(rng: random.Random) -> Block:
    samples = -(-_SAMPLES // (len(DEFAULT_TARGETS) * len(_LOADS) * _BLOCKS))
    latency = LatencyHistogram()
    for _ in range(samples):
        latency.record(rng.lognormvariate(1.5, 0.5))
    return Block(
        sent=samples,
        late=0,
        ok=samples,
        errors={},
        latency=latency,
        latency_from_send=latency,
        duration_s=5.0,
        void=None,
    )


def main() -> int:
    """Print the duration; return 1 when the bar is missed."""
    run = saved_run()
    samples = sum(scenario.latency_ms.n for target in run.targets for scenario in target.scenarios)
    with tempfile.TemporaryDirectory(prefix="webapp-saved-run-") as folder:
        path = run.save(Path(folder))
        sys.stdout.write(f"{samples:,} samples in {path.stat().st_size / 1e6:.1f} MB\n")
        figures = {
            "webapp report RUN": [_times([path], Path(folder) / f"one-{index}") for index in range(_REPORTS)],
            "webapp report RUN RUN": [_times([path, path], Path(folder) / f"two-{index}") for index in range(_REPORTS)],
        }
    medians = {command: [median(each) for each in zip(*times, strict=True)] for command, times in figures.items()}
    for command, (cpu_s, duration_s) in medians.items():
        sys.stdout.write(
            f"{command}: {cpu_s:.1f} s of CPU time (bar: below {BAR_S:g} s), {duration_s:.1f} s in all beside the "
            f"other programs of this machine; medians of {_REPORTS}\n"
        )
    return 0 if all(cpu_s < BAR_S for cpu_s, _ in medians.values()) else 1


def _times(runs: list[Path], output: Path) -> tuple[float, float]:
    """Return the CPU time of a new process, and how long it takes from its start to its end.

    The process has one thread, so on an idle machine both are the same.
    """
    started, before = time.perf_counter(), getrusage(RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "django_runtimes", "report", *map(str, runs), "--output", str(output)]
    subprocess.run(command, check=True, capture_output=True)
    after = getrusage(RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu_s, time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
