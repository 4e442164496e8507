"""`make separate-verdicts`: how often verdicts on two separate runs are right, in simulated runs.

The runs are those of `benchmarks.compare.verdicts`, on machines whose speed drifts more or less from block to block.
"""

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

from benchmarks.compare.verdicts import simulated_run
from django_runtimes.compare.analysis.summary import RatioVerdict
from django_runtimes.compare.record.results import Run, ScenarioResult
from django_runtimes.compare.saved_runs.run_comparison import NamedRun, RunComparison, compare_runs

_PAIRS = 200
_DIFFERENCES = (RatioVerdict.FASTER, RatioVerdict.SLOWER)
_SLOWDOWN = 1.2
# The standard deviations of the logarithm of the machine's speed from one block to the next.
_DRIFTS = (0.0, 0.02, 0.05, 0.1, 0.2)
BAR = 0.05


def _slower(run: Run, factor: float) -> Run:
    def scenario(each: ScenarioResult) -> ScenarioResult:
        blocks = tuple(replace(block, p50_ms=factor * (block.p50_ms or 0)) for block in each.blocks)
        return replace(each, blocks=blocks)

    targets = (replace(target, scenarios=tuple(map(scenario, target.scenarios))) for target in run.targets)
    return replace(run, targets=tuple(targets))


def _compared(seed: int, drift: float, factor: float) -> RunComparison:
    first, second = (simulated_run(each, machine=drift) for each in (seed, seed + _PAIRS))
    return compare_runs(NamedRun("run 1", Path(), first), NamedRun("run 2", Path(), _slower(second, factor)))


def main() -> int:
    """Print how often there are differences; return 1 if runs without any show one too often."""
    highest = 0.0
    for drift in _DRIFTS:
        same, slower = (
            [comparison for seed in range(_PAIRS) if not (comparison := _compared(seed, drift, factor)).pair_problems]
            for factor in (1.0, _SLOWDOWN)
        )
        false = sum(any(row.verdict in _DIFFERENCES for row in each.rows) for each in same) / len(same)
        verdicts = Counter(row.verdict for each in slower for row in each.rows)
        found = verdicts[RatioVerdict.SLOWER] / verdicts.total()
        sys.stdout.write(
            f"drift {drift:.2f}: {false:.1%} of {len(same)} pairs without a difference show one "
            f"(bar: at most {BAR:.0%}); a slowdown of {_SLOWDOWN - 1:.0%} is found in {found:.1%} of verdicts\n"
        )
        highest = max(highest, false)
    return 0 if highest <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
