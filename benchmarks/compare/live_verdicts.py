"""`make live-verdicts`: how many verdicts `webapp compare` reaches while another process keeps one core half busy.

It also checks that each run ends within its budget and 60 s.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks.compare.measured_command import argument_parser, run_command, webapp
from django_runtimes.cli import processes
from django_runtimes.compare.analysis.busy_machine import mean_other_cpus
from django_runtimes.compare.analysis.summary import RatioVerdict, Summary, summarize
from django_runtimes.compare.record.run_file import read_run

RUNS = 5
_LEAST_SHARE = 0.8
# The default budget, and what a run may take beyond it.
_LONGEST_S = 5 * 60 + 60
_FOLDER = Path("reports", "live-verdicts")
_REACHED = {RatioVerdict.FASTER, RatioVerdict.SLOWER, RatioVerdict.NO_DIFFERENCE}
_NOT_COUNTED = {RatioVerdict.REFERENCE, RatioVerdict.SAME, RatioVerdict.NOT_COMPARED}
_HALF_BUSY = """
import time
while True:
    ends = time.perf_counter() + 0.01
    while time.perf_counter() < ends:
        pass
    time.sleep(0.01)
"""


class LiveRun(NamedTuple):
    """The number of comparisons with the reference, of reached verdicts, and the duration of one run.

    `other_cpus` is the number of CPUs that processes outside of the run kept busy, None if it is unknown.
    """

    cells: int
    reached: int
    has_winner_in_pair: bool
    duration_s: float
    other_cpus: float | None

    def __str__(self) -> str:
        pair = "names a winner" if self.has_winner_in_pair else "names no winner"
        others = "unknown" if self.other_cpus is None else f"{self.other_cpus:.1f}"
        return (
            f"{self.reached} of {self.cells} verdicts, the A/A pair {pair}, {self.duration_s:.0f} s, "
            f"CPUs kept busy by other programs: {others}"
        )


@contextmanager
def half_busy_core() -> Iterator[None]:
    """Keep one core busy for half of the time: 10 ms of work, 10 ms of sleep."""
    with subprocess.Popen(processes.bound_to_parent([sys.executable, "-c", _HALF_BUSY])) as process:
        try:
            yield
        finally:
            process.kill()


def counted(summary: Summary, duration_s: float) -> LiveRun:
    """Count the verdicts of a run."""
    cells = [row.verdict for row in summary.rows if row.verdict not in _NOT_COUNTED]
    steady = [row.scenario for row in summary.rows if row.scenario.rate_rps is not None]
    return LiveRun(
        cells=len(cells),
        reached=sum(verdict in _REACHED for verdict in cells),
        has_winner_in_pair=any(pair.differs for pair in summary.pairs),
        duration_s=duration_s,
        other_cpus=mean_other_cpus(block for scenario in steady for block in scenario.blocks),
    )


def outcome(runs: Sequence[LiveRun]) -> tuple[tuple[str, ...], bool]:
    """Return a line for each bar, and whether all are kept."""
    cells = sum(run.cells for run in runs)
    share = sum(run.reached for run in runs) / cells if cells else 0.0
    winners = sum(run.has_winner_in_pair for run in runs)
    longest_s = max(run.duration_s for run in runs)
    lines = (
        f"verdicts reached: {share:.0%} of {cells} (bar: at least {_LEAST_SHARE:.0%})",
        f"runs whose A/A pair names a winner: {winners} of {len(runs)} (bar: none)",
        f"longest run: {longest_s:.0f} s (bar: at most {_LONGEST_S} s)",
    )
    return lines, share >= _LEAST_SHARE and not winners and longest_s <= _LONGEST_S


def measure(options: argparse.Namespace) -> bool:
    """Run the default comparison several times; print each run and the bars."""
    runs = []
    with half_busy_core():
        for number in range(1, options.runs + 1):
            folder = _FOLDER / f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
            begins = time.monotonic()
            webapp("compare", "--output", str(folder))
            duration_s = time.monotonic() - begins
            runs.append(counted(summarize(read_run(folder / "run.json")), duration_s))
            sys.stdout.write(f"run {number}: {runs[-1]}; report: {folder / 'report.html'}\n")
            sys.stdout.flush()
    lines, is_kept = outcome(runs)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return is_kept


def main(arguments: Sequence[str]) -> int:
    """Measure, and return the exit code."""
    parser = argument_parser("make live-verdicts", "Run the default comparison and count its verdicts.")
    parser.add_argument("--runs", type=int, choices=range(1, 21), default=RUNS, metavar="1..20", help="5 by default")
    return run_command(parser, arguments, measure)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
