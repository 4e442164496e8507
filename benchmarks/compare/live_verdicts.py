"""`make live-verdicts`: how many verdicts `webapp compare` reaches while another process keeps one core half busy.

It also checks that each run ends within its budget and 60 s.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from django_runtimes.cli import processes
from django_runtimes.compare.analysis.summary import RatioVerdict, summarize
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
    """The number of comparisons with the reference, of reached verdicts, and the duration of one run."""

    cells: int
    reached: int
    has_winner_in_pair: bool
    duration_s: float


@contextmanager
def half_busy_core() -> Iterator[None]:
    """Keep one core busy for half of the time: 10 ms of work, 10 ms of sleep."""
    with subprocess.Popen(processes.bound_to_parent([sys.executable, "-c", _HALF_BUSY])) as process:
        try:
            yield
        finally:
            process.kill()


def measure(folder: Path) -> LiveRun:
    """Run the default comparison and count its verdicts; raise CalledProcessError if it fails."""
    begins = time.monotonic()
    command = [sys.executable, "-m", "django_runtimes", "compare", "--output", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    duration_s = time.monotonic() - begins
    summary = summarize(read_run(folder / "run.json"))
    cells = [row.verdict for row in summary.rows if row.verdict not in _NOT_COUNTED]
    reached = sum(verdict in _REACHED for verdict in cells)
    return LiveRun(len(cells), reached, any(pair.differs for pair in summary.pairs), duration_s)


def main() -> int:
    """Print each run; return 1 when a bar is missed."""
    runs = []
    with half_busy_core():
        for number in range(1, RUNS + 1):
            run = measure(_FOLDER / f"{datetime.now(UTC):%Y%m%dT%H%M%S}")
            pair = "names a winner" if run.has_winner_in_pair else "names no winner"
            sys.stdout.write(
                f"run {number}: {run.reached} of {run.cells} verdicts, the A/A pair {pair}, {run.duration_s:.0f} s\n"
            )
            sys.stdout.flush()
            runs.append(run)
    share = sum(run.reached for run in runs) / sum(run.cells for run in runs)
    longest_s = max(run.duration_s for run in runs)
    sys.stdout.write(
        f"{share:.0%} of the verdicts were reached (bar: at least {_LEAST_SHARE:.0%}), "
        f"the longest run took {longest_s:.0f} s (bar: at most {_LONGEST_S} s)\n"
    )
    is_kept = share >= _LEAST_SHARE and longest_s <= _LONGEST_S and not any(run.has_winner_in_pair for run in runs)
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())
