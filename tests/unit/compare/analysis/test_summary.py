from collections.abc import Sequence
from dataclasses import replace

import pytest

from django_runtimes.compare.analysis.summary import PairProblem, RatioVerdict, summarize
from django_runtimes.compare.load.block import Outcome, block_of
from django_runtimes.compare.record.results import (
    ConnectionCounts,
    Run,
    ScenarioResult,
    TargetResult,
)

UNKNOWN = ConnectionCounts(peak=None, mean=None, opened=None)
REFERENCE = "aws_lambda/per_request/proxy"
APP_RUNNER = "aws_app_runner/pool/direct"
ECS = "aws_ecs/pool/direct"
PAIR = {"aa_pairs": [[APP_RUNNER, ECS]]}


def reads(
    medians_ms: Sequence[float],
    *,
    void: Sequence[int] = (),
    errors: int = 0,
    name: str = "read",
    rate_rps: float | None = 25.0,
    first_index: int = 0,
) -> ScenarioResult:
    """Return a scenario with one block for each median, each with three equal latencies."""
    blocks = {
        index: replace(
            block_of(
                [Outcome(name, median_ms, 0.0, None)] * 3 + [Outcome(name, 0.1, 0.0, "status_503")] * errors,
                duration_s=1.0,
            ),
            void="late" if index in void else None,
        )
        for index, median_ms in enumerate(medians_ms, start=first_index)
    }
    return ScenarioResult.of_blocks(name, rate_rps, blocks, UNKNOWN)


def target(name: str, *scenarios: ScenarioResult) -> TargetResult:
    return replace(failed(name), status="measured", error=None, scenarios=scenarios)


def failed(name: str) -> TargetResult:
    runtime, strategy, route = name.split("/")
    return TargetResult.failed(
        name=name, runtime=runtime, strategy=strategy, route=route, label="emulated", error="it broke"
    )


def verdict_of(scenario: ScenarioResult, beside: ScenarioResult) -> RatioVerdict:
    return summarize(Run({}, (target(REFERENCE, beside), target(ECS, scenario)))).rows[1].verdict


def test_a_target_below_the_reference_in_every_block_is_faster():
    medians_ms = [10, 11, 9, 10, 10, 12]

    summary = summarize(
        Run({}, (target(REFERENCE, reads(medians_ms)), target(ECS, reads([each / 2 for each in medians_ms]))))
    )

    assert summary.reference == REFERENCE
    first, second = summary.rows
    assert (first.verdict, first.ratio) == (RatioVerdict.REFERENCE, None)
    assert second.verdict is RatioVerdict.FASTER
    assert second.ratio.estimate == pytest.approx(0.5, rel=0.01)
    assert (second.ratio.pairs, second.ratio.confidence) == (6, 0.95)
    assert second.ratio.low <= second.ratio.estimate <= second.ratio.high < 1


def test_a_target_above_the_reference_in_every_block_is_slower():
    assert verdict_of(reads([20, 22, 18, 20, 21, 19]), reads([10, 11, 9, 10, 10, 10])) is RatioVerdict.SLOWER


def test_an_interval_that_reaches_beyond_a_tenth_is_undecided():
    assert verdict_of(reads([11, 9, 12, 8, 10, 9]), reads([10] * 6)) is RatioVerdict.UNDECIDED


def test_an_interval_within_a_tenth_shows_that_there_is_no_difference():
    medians_ms = [10.5, 9.6, 10.2, 9.8, 10.3, 9.7]

    assert verdict_of(reads(medians_ms), reads([10] * 6)) is RatioVerdict.NO_DIFFERENCE


def test_a_small_difference_is_a_difference_when_it_is_certain():
    assert verdict_of(reads([10.5] * 6), reads([10] * 6)) is RatioVerdict.SLOWER


def test_more_ratios_widen_each_interval():
    # Each of the five ratios needs a confidence of 0.99, for which six pairs are too few.
    scenario = reads([5] * 6)
    names = (REFERENCE, ECS, "aws_ecs/persistent/direct", "aws_ecs/pool/proxy", "local/pool/direct", APP_RUNNER)

    summary = summarize(Run({}, tuple(target(name, scenario) for name in names)))

    assert {row.verdict for row in summary.rows[1:]} == {RatioVerdict.TOO_FEW_BLOCKS}


def test_pairing_blocks_cancels_out_a_slow_machine():
    # The machine slows down from block to block, and the target takes half as long as the reference in each.
    medians_ms = [10, 20, 40, 80, 160, 320]

    summary = summarize(
        Run({}, (target(REFERENCE, reads(medians_ms)), target(ECS, reads([each / 2 for each in medians_ms]))))
    )

    assert summary.rows[1].ratio.low == pytest.approx(0.5, rel=0.01)
    assert summary.rows[1].ratio.high == pytest.approx(0.5, rel=0.01)


def test_five_pairs_are_too_few():
    assert verdict_of(reads([5] * 5), reads([10] * 5)) is RatioVerdict.TOO_FEW_BLOCKS


def test_a_void_block_drops_its_pair_on_either_side():
    assert verdict_of(reads([5] * 6, void=[1]), reads([10] * 6)) is RatioVerdict.TOO_FEW_BLOCKS
    assert verdict_of(reads([5] * 6), reads([10] * 6, void=[3])) is RatioVerdict.TOO_FEW_BLOCKS
    assert verdict_of(reads([5] * 7, void=[1]), reads([10] * 7)) is RatioVerdict.FASTER


def test_blocks_with_different_indexes_are_not_paired():
    assert verdict_of(reads([5] * 6, first_index=6), reads([10] * 6)) is RatioVerdict.TOO_FEW_BLOCKS


def test_a_target_that_refuses_many_requests_is_not_faster():
    assert verdict_of(reads([5] * 6, errors=1), reads([10] * 6)) is RatioVerdict.TOO_MANY_ERRORS
    assert verdict_of(reads([5] * 6), reads([10] * 6, errors=1)) is RatioVerdict.TOO_MANY_ERRORS


def test_a_scenario_that_the_reference_lacks_is_not_compared():
    summary = summarize(Run({}, (target(REFERENCE, reads([10] * 6)), target(ECS, reads([5] * 6, rate_rps=50.0)))))

    assert [(row.scenario.rate_rps, row.verdict) for row in summary.rows] == [
        (25.0, RatioVerdict.REFERENCE),
        (50.0, RatioVerdict.TOO_FEW_BLOCKS),
    ]


def test_bursts_are_not_compared():
    burst = reads([5] * 6, name="burst", rate_rps=None)

    summary = summarize(Run({}, (target(REFERENCE, burst), target(ECS, burst))))

    assert (summary.rows[1].verdict, summary.rows[1].ratio) == (RatioVerdict.NOT_COMPARED, None)


def test_each_rate_is_compared_with_the_same_rate():
    slow, fast = reads([10] * 8), reads([20] * 8, rate_rps=50.0)

    summary = summarize(Run({}, (target(REFERENCE, slow, fast), target(ECS, slow, fast))))

    assert [(row.scenario.rate_rps, row.target.name) for row in summary.rows] == [
        (25.0, REFERENCE),
        (25.0, ECS),
        (50.0, REFERENCE),
        (50.0, ECS),
    ]
    assert {row.verdict for row in summary.rows if row.ratio} == {RatioVerdict.NO_DIFFERENCE}


def test_the_reference_is_the_first_measured_target():
    summary = summarize(Run({}, (failed(REFERENCE), target(APP_RUNNER, reads([10] * 4)), target(ECS, reads([5] * 4)))))

    assert summary.reference == APP_RUNNER
    assert [row.target.name for row in summary.rows] == [APP_RUNNER, ECS]


def test_a_run_in_which_all_failed_has_no_reference():
    assert summarize(Run(PAIR, (failed(REFERENCE),))) == summarize(Run({}, ()))
    assert summarize(Run({}, ())).reference is None


def test_an_a_a_pair_that_agrees_confirms_the_verdicts():
    summary = summarize(
        Run(
            PAIR,
            (
                target(REFERENCE, reads([10] * 8)),
                target(APP_RUNNER, reads([5, 5.1, 4.9, 5] * 2)),
                target(ECS, reads([5.1, 5, 5, 4.9] * 2)),
            ),
        )
    )

    assert not summary.names_no_winner
    assert [row.verdict for row in summary.rows] == [RatioVerdict.REFERENCE, RatioVerdict.FASTER, RatioVerdict.FASTER]


def test_an_a_a_pair_that_differs_withholds_every_verdict():
    summary = summarize(
        Run(
            PAIR,
            (
                target(REFERENCE, reads([10] * 8)),
                target(APP_RUNNER, reads([5] * 8)),
                target(ECS, reads([6] * 8)),
            ),
        )
    )

    assert summary.names_no_winner
    assert summary.pairs[0].ratio.estimate == pytest.approx(1.2, rel=0.01)
    assert [row.verdict for row in summary.rows] == [
        RatioVerdict.REFERENCE,
        RatioVerdict.WITHHELD,
        RatioVerdict.WITHHELD,
    ]


def test_an_a_a_pair_is_judged_with_at_least_99_percent_confidence():
    summary = summarize(Run(PAIR, (target(APP_RUNNER, reads([5] * 8)), target(ECS, reads([5] * 8)))))

    assert summary.rows[1].verdict is RatioVerdict.SAME
    assert (summary.rows[1].ratio.confidence, summary.pairs[0].ratio.confidence) == (0.95, 0.99)


def test_an_a_a_pair_is_judged_over_all_steady_scenarios():
    # The second target is slower in one scenario and faster in the other by chance.
    first = (reads([5] * 8), reads([5] * 8, name="write"))
    second = (reads([5.5] * 8), reads([4.5] * 8, name="write"))

    summary = summarize(Run(PAIR, (target(APP_RUNNER, *first), target(ECS, *second))))

    assert summary.pairs[0].ratio.pairs == 16
    assert not summary.names_no_winner


def test_an_a_a_pair_with_too_few_blocks_has_no_ratio():
    summary = summarize(Run(PAIR, (target(APP_RUNNER, reads([5] * 7)), target(ECS, reads([9] * 7)))))

    assert summary.pairs[0].ratio is None
    assert summary.pair_problem is PairProblem.UNJUDGED


def test_an_a_a_pair_that_cannot_be_judged_withholds_every_comparison():
    # Seven pairs are enough for a ratio, and too few for the higher confidence of an A/A pair.
    targets = (
        target(REFERENCE, reads([10] * 7), reads([9], name="write")),
        target(APP_RUNNER, reads([5] * 7), reads([9], name="write")),
        target(ECS, reads([5] * 7)),
    )

    assert [row.verdict for row in summarize(Run(PAIR, targets)).rows] == [
        RatioVerdict.REFERENCE,
        RatioVerdict.WITHHELD,
        RatioVerdict.WITHHELD,
        RatioVerdict.REFERENCE,
        RatioVerdict.TOO_FEW_BLOCKS,
    ]
    assert [row.verdict for row in summarize(Run({}, targets)).rows][1:3] == [RatioVerdict.FASTER] * 2


def test_an_a_a_pair_with_a_failed_target_is_dropped():
    assert summarize(Run(PAIR, (target(APP_RUNNER, reads([5] * 4)), failed(ECS)))).pairs == ()


def test_the_same_run_always_gives_the_same_summary():
    run = Run({}, (target(REFERENCE, reads([10, 12, 9, 14, 10])), target(ECS, reads([9, 13, 9, 12, 11]))))

    assert summarize(run) == summarize(run)


def test_deployed_targets_are_compared_only_with_each_other():
    fast, slow = reads([1.0] * 12), reads([2.0] * 12)
    deployed = [
        replace(target(name, scenario), label="deployed") for name, scenario in [(ECS, slow), (APP_RUNNER, fast)]
    ]

    summary = summarize(Run({}, (target(REFERENCE, fast), *deployed)))

    assert [row.verdict for row in summary.rows] == ["reference", "reference", "faster"]
    assert (summary.reference, summary.other_reference) == (REFERENCE, ECS)
    assert summary.rows[1].ratio is None
