from collections.abc import Sequence
from dataclasses import replace

import pytest

from django_runtimes.compare.analysis.summary import RatioVerdict, summarize
from django_runtimes.compare.load.block import Outcome, block_of
from django_runtimes.compare.record.results import ConnectionCounts, Run, ScenarioResult, TargetResult

REFERENCE, OTHER, PAIRED = "aws_lambda/per_request/proxy", "aws_ecs/pool/direct", "aws_app_runner/pool/direct"
UNKNOWN = ConnectionCounts(peak=None, mean=None, opened=None)
THOROUGH = {"plan": {"budget_s": 900.0}}


def reads(*, slowest_ms: float, samples: int = 100, blocks: int = 30, errors: int = 0) -> ScenarioResult:
    """Return blocks with a median of about 10 ms, whose slowest 3 of 100 requests take about `slowest_ms`."""
    latencies_ms = [10 + 0.01 * index for index in range(samples)]
    for index in range(samples * 3 // 100):
        latencies_ms[index] = slowest_ms * (1 + 0.01 * index)
    outcomes = [Outcome("read", latency_ms, 0.0, None) for latency_ms in latencies_ms]
    outcomes += [Outcome("read", 0.1, 0.0, "status_503")] * errors
    block = block_of(outcomes, duration_s=1.0)
    return ScenarioResult.of_blocks("read", 50.0, dict.fromkeys(range(blocks), block), UNKNOWN)


def target(name: str, scenario: ScenarioResult) -> TargetResult:
    runtime, strategy, route = name.split("/")
    failed = TargetResult.failed(
        name=name, runtime=runtime, strategy=strategy, route=route, label="emulated", error="it broke"
    )
    return replace(failed, status="measured", error=None, scenarios=(scenario,))


def p99_verdicts(environment: dict, *scenarios: ScenarioResult) -> Sequence[RatioVerdict | None]:
    targets = [target(name, scenario) for name, scenario in zip((REFERENCE, OTHER), scenarios, strict=True)]
    return [row.p99_verdict for row in summarize(Run(environment, tuple(targets))).rows]


def test_a_long_run_compares_each_p99():
    slow, fast = reads(slowest_ms=100), reads(slowest_ms=30)

    assert p99_verdicts(THOROUGH, fast, slow) == [None, RatioVerdict.SLOWER]
    assert p99_verdicts(THOROUGH, slow, fast) == [None, RatioVerdict.FASTER]
    assert p99_verdicts(THOROUGH, slow, slow) == [None, RatioVerdict.NO_DIFFERENCE]


@pytest.mark.parametrize("plan", [{}, {"plan": {}}, {"plan": {"budget_s": None}}, {"plan": {"budget_s": 300.0}}])
def test_a_short_run_compares_only_medians(plan):
    assert p99_verdicts(plan, reads(slowest_ms=30), reads(slowest_ms=100)) == [None, None]


def test_a_p99_with_fewer_than_a_thousand_samples_is_not_compared():
    few, enough = (reads(slowest_ms=30, blocks=blocks) for blocks in (9, 10))

    assert p99_verdicts(THOROUGH, enough, few) == [None, None]
    assert p99_verdicts(THOROUGH, few, enough) == [None, None]
    assert p99_verdicts(THOROUGH, enough, enough) == [None, RatioVerdict.NO_DIFFERENCE]


def test_a_target_that_refuses_many_requests_has_no_p99_verdict():
    refusing = reads(slowest_ms=30, errors=2)

    assert p99_verdicts(THOROUGH, reads(slowest_ms=100), refusing) == [None, RatioVerdict.TOO_MANY_ERRORS]


def test_the_ratios_of_each_p99_count_among_the_ratios_of_a_run():
    scenario = reads(slowest_ms=30)
    run = Run(THOROUGH, (target(REFERENCE, scenario), target(OTHER, scenario)))

    row = summarize(run).rows[1]

    assert (row.ratio.confidence, row.p99_ratio.confidence) == (0.975, 0.975)


def test_an_a_a_pair_that_differs_withholds_each_p99_verdict():
    slow = replace(reads(slowest_ms=30))
    halved = replace(slow, blocks=tuple(replace(block, p50_ms=block.p50_ms / 2) for block in slow.blocks))
    run = Run(
        {**THOROUGH, "aa_pairs": [[PAIRED, OTHER]]},
        (target(REFERENCE, slow), target(PAIRED, slow), target(OTHER, halved)),
    )

    assert [row.p99_verdict for row in summarize(run).rows[1:]] == [RatioVerdict.WITHHELD] * 2
