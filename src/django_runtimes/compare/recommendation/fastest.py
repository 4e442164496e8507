"""The fastest of several targets, from blocks that were measured side by side."""

import math
from collections.abc import Sequence
from statistics import fmean

from django_runtimes.compare.analysis.ratio import Ratio, paired_ratios, ratio_of
from django_runtimes.compare.recommendation.candidate import Candidate, steady_scenarios
from django_runtimes.compare.record.results import ScenarioResult

# The chance that equally fast targets are told apart; it is divided among the compared pairs.
_FALSE_DIFFERENCE = 0.05

_Key = tuple[str, float | None]


def fastest_of(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return the candidate with the lowest medians, and those that are not shown to be slower.

    Return nothing if there were too few blocks to compare them.
    """
    if len(candidates) < 2:
        return tuple(candidates)
    shared = [_scenarios(candidate) for candidate in candidates]
    keys = [key for key in shared[0] if all(key in scenarios for scenarios in shared)]
    if not keys or any(scenarios[key].latency_ms.p50 is None for scenarios in shared for key in keys):
        return ()
    leader = min(range(len(candidates)), key=lambda index: _mean_log(shared[index], keys))
    confidence = 1 - _FALSE_DIFFERENCE / (len(keys) * (len(candidates) - 1))
    ratios = {
        index: [_ratio(shared[index][key], shared[leader][key], confidence) for key in keys]
        for index in range(len(candidates))
        if index != leader
    }
    if any(ratio is None for found in ratios.values() for ratio in found):
        return ()
    equals = [index for index, found in ratios.items() if not _is_slower(found)]
    return tuple(candidates[index] for index in (leader, *equals))


def _scenarios(candidate: Candidate) -> dict[_Key, ScenarioResult]:
    return {(scenario.name, scenario.rate_rps): scenario for scenario in steady_scenarios(candidate.target)}


def _mean_log(scenarios: dict[_Key, ScenarioResult], keys: Sequence[_Key]) -> float:
    return fmean(math.log(scenarios[key].latency_ms.p50 or 1.0) for key in keys)


def _ratio(scenario: ScenarioResult, leading: ScenarioResult, confidence: float) -> Ratio | None:
    return ratio_of(paired_ratios(scenario.blocks, leading.blocks), confidence=confidence)


def _is_slower(ratios: Sequence[Ratio | None]) -> bool:
    """Whether a target is slower than the leader in one scenario, and faster in none."""
    known = [ratio for ratio in ratios if ratio is not None]
    return any(ratio.low > 1 for ratio in known) and not any(ratio.high < 1 for ratio in known)
