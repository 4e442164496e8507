"""`make verdicts`: how often the comparison's verdicts are right, in simulated runs.

Each simulated run is as large as one of `webapp compare` on an ordinary machine: five targets, reads and writes, 30
pairs of blocks. The verdicts are those of `summarize`, which users see.
"""

import math
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from statistics import median

from django_runtimes.compare.analysis.summary import RatioVerdict, Summary, summarize
from django_runtimes.compare.record.results import (
    BlockResult,
    ConnectionCounts,
    Latency,
    Run,
    ScenarioResult,
    TargetResult,
)
from django_runtimes.compare.run.subject import failed_result
from django_runtimes.compare.targets.name import TargetName

RUNS = 1_000
_PAIRS = 30
# The standard deviations of three logarithms: of a single latency, of the change in the machine's speed from one block
# to the next, and of the disturbance of a single block, for example by another process that wakes up.
_REQUEST, _MACHINE, _BLOCK = 0.5, 0.2, 0.08
_REQUESTS = 60
_VOID_SHARE, _DISTURBED_SHARE = 0.1, 0.05
_SCENARIOS = ("read", "write")
# The median latency of each target, as a multiple of the reference's.
_REFERENCE, _SAME, _SLOWER = "aws_lambda/per_request/proxy", "aws_lambda/persistent/proxy", "aws_ecs/per_request/direct"
_FIRST, _SECOND = "aws_app_runner/pool/direct", "aws_ecs/pool/direct"
_FACTORS = {_REFERENCE: 1.0, _SAME: 1.0, _SLOWER: 1.2, _FIRST: 0.6, _SECOND: 0.6}


def simulated_run(seed: int, *, machine: float = _MACHINE) -> Run:
    """Return a run with the measurements that this seed gives, on a machine whose speed changes by `machine`."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    blocks: dict[tuple[str, str], list[BlockResult]] = {(name, each): [] for name in _FACTORS for each in _SCENARIOS}
    speed = 0.0
    for scenario in _SCENARIOS:
        for index in range(round(_PAIRS / (1 - _VOID_SHARE) ** 2)):
            # The machine's speed drifts, so each block's speed depends on the previous one's.
            speed = 0.8 * speed + rng.gauss(0, machine)
            for name, factor in _FACTORS.items():
                blocks[name, scenario].append(_block(rng, index, factor * math.exp(speed)))
    targets = tuple(
        _target(name, tuple(_scenario(each, blocks[name, each]) for each in _SCENARIOS)) for name in _FACTORS
    )
    return Run({"aa_pairs": [[_FIRST, _SECOND]]}, targets)


def _block(rng: random.Random, index: int, typical_ms: float) -> BlockResult:
    disturbance = rng.gauss(0, _BLOCK)
    if rng.random() < _DISTURBED_SHARE:
        disturbance += math.log(rng.uniform(1.2, 3))
    p50_ms = median(typical_ms * math.exp(disturbance + rng.gauss(0, _REQUEST)) for _ in range(_REQUESTS))
    void = "late sends" if rng.random() < _VOID_SHARE else None
    return BlockResult(index, _REQUESTS, 0, _REQUESTS, 1.0, p50_ms, void, "", "")


def _scenario(name: str, blocks: list[BlockResult]) -> ScenarioResult:
    sent = _REQUESTS * len(blocks)
    void = sum(block.void is not None for block in blocks)
    unknown = ConnectionCounts(None, None, None)
    return ScenarioResult(
        name, float(_REQUESTS), sent, 0, sent, {}, Latency(sent, None, None, None, None), unknown, void, tuple(blocks)
    )


def _target(name: str, scenarios: tuple[ScenarioResult, ...]) -> TargetResult:
    return replace(failed_result(TargetName.parse(name), ""), status="measured", error=None, scenarios=scenarios)


def verdicts(summary: Summary, name: str) -> Iterator[RatioVerdict]:
    """Yield the verdicts on a target, one for each scenario."""
    return (row.verdict for row in summary.rows if row.target.name == name)


def main() -> int:
    """Simulate the runs and print how often their verdicts are right; return 1 when a bar is missed."""
    summaries = [summarize(simulated_run(seed)) for seed in range(RUNS)]
    differing = sum(summary.names_no_winner for summary in summaries) / len(summaries)
    kept = [summary for summary in summaries if not summary.names_no_winner]
    slower = Counter(verdict for summary in kept for verdict in verdicts(summary, _SLOWER))
    same = Counter(verdict for summary in kept for verdict in verdicts(summary, _SAME))
    found = slower[RatioVerdict.SLOWER] / slower.total()
    sys.stdout.write(f"{RUNS:,} simulated runs, seeds 0 to {RUNS - 1}\n")
    sys.stdout.write(f"A/A pair differs: {differing:.1%} of runs (bar: at most 1%)\n")
    sys.stdout.write(f"slowdown of 20% found: {found:.1%} of verdicts (bar: at least 90%)\n")
    sys.stdout.write(f"verdicts on a target that takes as long as the reference: {_shares(same)}\n")
    return 0 if differing <= 0.01 and found >= 0.9 else 1


def _shares(counts: Counter[RatioVerdict]) -> str:
    return ", ".join(f"{verdict} {count / counts.total():.1%}" for verdict, count in counts.most_common())


if __name__ == "__main__":
    sys.exit(main())
