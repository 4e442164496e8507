"""How much the speed of the machine drifted during runs, so that successive blocks resemble each other."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from statistics import fmean, median

from django_runtimes.compare.analysis.ratio import is_valid
from django_runtimes.compare.record.results import Run

# A correlation of 1 would leave no independent block at all.
_HIGHEST = 0.95


def independent_share(runs: Iterable[Run]) -> float:
    """Return the share of the blocks of these runs that count as independent, from above 0 to 1.

    The drift of the machine is the median of all targets in each round. If r is its correlation from one round to the
    next, n blocks in a row tell as much about the mean as n * (1 - r) / (1 + r) independent ones.
    """
    # Fewer rounds do not show a drift.
    series = [rounds for run in runs for rounds in _drifts(run) if len(rounds) > 2]
    spread = math.fsum(value**2 for rounds in series for value in rounds)
    if not spread:
        return 1.0
    together = math.fsum(value * after for rounds in series for value, after in pairwise(rounds))
    found = together / spread
    # The mean of a short series follows its drift, which hides a part of it.
    hidden = (1 + 3 * found) / fmean(len(rounds) for rounds in series)
    # A standard error more, since too many independent blocks would find differences where there are none.
    error = math.sqrt((1 - found**2) / sum(len(rounds) for rounds in series))
    correlation = min(max(found + hidden + error, 0.0), _HIGHEST)
    return (1 - correlation) / (1 + correlation)


def _drifts(run: Run) -> Iterator[list[float]]:
    """Yield, for each steady scenario, the median deviation of all targets in each round, on a logarithmic scale."""
    rounds: dict[tuple[str, float], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for target in run.targets:
        for scenario in target.scenarios:
            logs = {
                block.index: math.log(block.p50_ms) for block in scenario.blocks if is_valid(block) and block.p50_ms
            }
            if scenario.rate_rps is None or not logs:
                continue
            mean = fmean(logs.values())
            for index, value in logs.items():
                rounds[scenario.name, scenario.rate_rps][index].append(value - mean)
    for deviations in rounds.values():
        shared = [median(values) for _, values in sorted(deviations.items())]
        overall = fmean(shared)
        yield [value - overall for value in shared]
