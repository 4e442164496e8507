"""Divides the time of the steady load among its blocks, so that medians and each p99 get their samples."""

import math
from collections.abc import Mapping, Sequence

from django_runtimes.compare.load.histogram import P99_SAMPLES
from django_runtimes.compare.workload.workload import Scenario

# A scenario and its rate in requests/s.
SteadyKey = tuple[Scenario, float]

# In a shorter block the start and the end would matter too much; in a longer one the machine's speed would change.
_MIN_BLOCK_S, _MAX_BLOCK_S = 0.4, 5.0
# A p99 at a low rate is worth a longer one.
_MAX_P99_BLOCK_S = 20.0
# The median of fewer requests is mostly chance.
_MIN_BLOCK_REQUESTS = 15
# On an ordinary machine, repeated blocks and the time between blocks multiply the duration by this factor.
_OVERHEAD = 1.25
# The number of arrivals is random, so a tenth more are planned than a p99 needs.
_P99_REQUESTS = 1.1 * P99_SAMPLES
# The upper bound of a p99, by which a limit is judged, needs 368 samples.
_BOUND_REQUESTS = 1.1 * 368
# The intervals of a run with three loads have a confidence of about 99.9 %, which needs 11 pairs. Some blocks are void.
_LEAST_PAIRS = 15


def block_duration_s(rate_rps: float, *, blocks: int, left_s: float) -> float:
    """Return the duration in s of a block at this rate, such that `blocks` blocks fit into `left_s`."""
    equal_s = left_s / (_OVERHEAD * max(1, blocks))
    return min(max(equal_s, _shortest_s(rate_rps)), _MAX_BLOCK_S)


def block_durations_s(
    keys: Sequence[SteadyKey], *, pairs: int, subjects: int, left_s: float, wants_p99: bool
) -> dict[SteadyKey, float]:
    """Return how long a block of each scenario and rate lasts, so that `pairs` rounds of all subjects fit.

    With `wants_p99` as many of them as possible get the samples of a p99, the highest rate of each scenario first, even
    if that leaves time for fewer rounds. If the highest ones do not get that many, they get those for its upper bound.
    """
    order = _most_loaded_first(keys)
    scenarios = len({scenario for scenario, _ in keys})
    if wants_p99 and keys:
        for requests, fewest in ((_P99_REQUESTS, scenarios), (_BOUND_REQUESTS, 1)):
            for number in range(len(order), fewest - 1, -1):
                for rounds in range(pairs, min(_LEAST_PAIRS, pairs) - 1, -1):
                    durations_s = {key: _shortest_s(key[1]) for key in keys}
                    durations_s |= {key: max(durations_s[key], requests / rounds / key[1]) for key in order[:number]}
                    spare_s = left_s / (_OVERHEAD * rounds * subjects) - sum(durations_s.values())
                    if spare_s >= 0 and max(durations_s.values()) <= _MAX_P99_BLOCK_S:
                        return {
                            key: max(each_s, min(each_s + spare_s / len(keys), _MAX_BLOCK_S))
                            for key, each_s in durations_s.items()
                        }
    blocks = pairs * len(keys) * subjects
    return {key: block_duration_s(key[1], blocks=blocks, left_s=left_s) for key in keys}


def p99_notice(
    durations_s: Mapping[SteadyKey, float], *, pairs: int, subjects: int, budget_s: float, left_s: float
) -> str | None:
    """Return a sentence on the loads that get fewer samples than a p99 needs, and on a budget that is long enough."""
    round_s = _OVERHEAD * subjects * sum(durations_s.values())
    rounds = min(pairs, left_s / round_s) if round_s else 0.0
    short = [key for key, each_s in durations_s.items() if rounds * each_s * key[1] < P99_SAMPLES]
    if not short:
        return None
    remedy = "fewer targets or higher rates"
    if all(_P99_REQUESTS / pairs / rate_rps <= _MAX_P99_BLOCK_S for _, rate_rps in durations_s):
        requests_s = sum(_P99_REQUESTS / rate_rps for _, rate_rps in durations_s)
        remedy = f"a --budget of {math.ceil((budget_s - left_s + _OVERHEAD * subjects * requests_s) / 60)}m, {remedy}"
    loads = ", ".join(f"{scenario} {rate_rps:g}/s" for scenario, rate_rps in short)
    return f"too little time for the p99 of {loads}, which needs {P99_SAMPLES:,} samples of each target; give {remedy}"


def _most_loaded_first(keys: Sequence[SteadyKey]) -> list[SteadyKey]:
    """Return the highest rate of each scenario, then the next ones."""
    higher = {key: sum(other[0] == key[0] and other[1] > key[1] for other in keys) for key in keys}
    return sorted(keys, key=lambda key: (higher[key], -key[1]))


def _shortest_s(rate_rps: float) -> float:
    return min(max(_MIN_BLOCK_S, _MIN_BLOCK_REQUESTS / rate_rps), _MAX_BLOCK_S)
