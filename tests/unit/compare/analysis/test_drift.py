import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from django_runtimes.compare.analysis.drift import independent_share
from django_runtimes.compare.record.results import (
    BlockResult,
    ConnectionCounts,
    Latency,
    Run,
    ScenarioResult,
    TargetResult,
)

NAMES = ("aws_lambda/per_request/proxy", "aws_app_runner/pool/direct", "aws_ecs/pool/direct")


def run_of(medians_ms: Sequence[float], *, rate_rps: float | None = 50.0, void: Sequence[int] = ()) -> Run:
    """Return a run of three targets with these medians, in one scenario."""
    blocks = tuple(
        BlockResult(index, 50, 0, 50, 1.0, median_ms, "late" if index in void else None, "", "")
        for index, median_ms in enumerate(medians_ms)
    )
    counts = ConnectionCounts(None, None, None)
    scenario = ScenarioResult(
        "read", rate_rps, 50, 0, 50, {}, Latency(50, None, None, None, None), counts, len(void), blocks
    )
    targets = (
        TargetResult.failed(
            name=name, **dict(zip(("runtime", "strategy", "route"), name.split("/"), strict=True)), label="", error=""
        )
        for name in NAMES
    )
    return Run({}, tuple(replace(each, status="measured", error=None, scenarios=(scenario,)) for each in targets))


def drifting(seed: int, correlation: float, rounds: int = 400) -> list[float]:
    rng = random.Random(seed)
    speed, medians_ms = 0.0, []
    for _ in range(rounds):
        speed = correlation * speed + rng.gauss(0, 0.1)
        medians_ms.append(10 * 2.718**speed)
    return medians_ms


@pytest.mark.parametrize(("correlation", "share"), [(0.0, 1.0), (0.5, 1 / 3), (0.8, 1 / 9)])
def test_a_drift_leaves_fewer_independent_blocks(correlation, share):
    found = independent_share([run_of(drifting(seed, correlation)) for seed in (1, 2)])

    # The share is an estimate with a margin, so it is a little too small.
    assert 0.7 * share < found <= 1.05 * share


def test_alternating_blocks_are_independent():
    assert independent_share([run_of([10, 11] * 20)]) == 1


def test_even_a_steady_rise_leaves_a_share():
    assert independent_share([run_of(range(1, 400))]) == pytest.approx(0.05 / 1.95)


@pytest.mark.parametrize("medians_ms", [[], [10, 11], [10] * 30])
def test_without_a_change_over_rounds_all_blocks_are_independent(medians_ms):
    assert independent_share([run_of(medians_ms)]) == 1


def test_bursts_and_void_blocks_do_not_count():
    medians_ms = drifting(1, 0.8)

    assert independent_share([run_of(medians_ms, rate_rps=None)]) == 1
    assert independent_share([run_of([10, 11] * 20 + medians_ms, void=range(40, 440))]) == 1
