from dataclasses import replace

import pytest

from django_runtimes.compare.analysis.percentile import bounds_ms
from django_runtimes.compare.load.histogram import LatencyHistogram
from django_runtimes.compare.recommendation.p99_limit import BOUND_SAMPLES, JudgedP99, judge_p99
from django_runtimes.compare.recommendation.recommendation_sentences import reason_sentences
from django_runtimes.compare.record.results import Latency, Run, ScenarioResult
from django_runtimes.compare.report.content import content_of
from tests.unit.compare.recommendation.runs import ECS, REFERENCE, target_of


def reads(rate_rps: float, *latencies_ms: float) -> ScenarioResult:
    """Return a scenario with one block of these latencies; its p99 is shown from 1,000 samples on."""
    histogram = LatencyHistogram()
    for each_ms in latencies_ms:
        histogram.record(each_ms)
    count, ordered = len(latencies_ms), sorted(latencies_ms)
    (scenario,) = target_of(ECS, 5.0, blocks=1).scenarios
    encoded = histogram.encoded()
    block = replace(scenario.blocks[0], sent=count, ok=count, histogram=encoded, histogram_from_send=encoded)
    p99_ms = ordered[round(0.99 * count) - 1] if count >= 1_000 else None
    latency = Latency(count, ordered[count // 2], ordered[-1], p99_ms, ordered[-1])
    return replace(scenario, rate_rps=rate_rps, sent=count, ok=count, latency_ms=latency, blocks=(block,))


@pytest.mark.parametrize(("count", "expected_ms"), [(BOUND_SAMPLES - 1, None), (BOUND_SAMPLES, 9.0)])
def test_the_bound_of_a_p99_needs_368_samples(count: int, expected_ms: float | None):
    histogram = LatencyHistogram()
    for index in range(count):
        histogram.record(9.0 if index == 0 else 5.0)

    assert bounds_ms(histogram, 0.99)[1] == (None if expected_ms is None else pytest.approx(expected_ms, rel=0.001))


def test_no_samples_have_no_bounds():
    assert bounds_ms(LatencyHistogram(), 0.99) == (None, None)


def test_a_bound_below_the_limit_meets_it():
    judged = judge_p99([reads(40.0, *[5.0] * 399, 9.0)], 10.0)

    assert judged.misses == ()
    assert judged.bound_ms == pytest.approx(9.0, rel=0.001)


def test_a_bound_above_the_limit_asks_for_more_samples():
    judged = judge_p99([reads(40.0, *[5.0] * 399, 12.0)], 10.0)

    assert judged.misses == ("its p99 (read, 40/s) may be up to 12.0 ms, so more samples are needed",)


def test_an_interval_above_the_limit_misses_it_without_a_shown_p99():
    judged = judge_p99([reads(40.0, *[12.0] * 400)], 10.0)

    assert judged.misses == ("its p99 is at least 12.0 ms (read, 40/s)",)


def test_a_shown_p99_above_the_limit_misses_it():
    judged = judge_p99([reads(40.0, *[12.0] * 1_000)], 10.0)

    assert judged.misses == ("its p99 is 12.0 ms (read, 40/s)",)


def test_a_lower_load_with_few_samples_is_not_judged_and_is_named():
    judged = judge_p99([reads(5.0, *[5.0] * 120), reads(40.0, *[5.0] * 400)], 10.0)

    assert judged.misses == ()
    assert judged.unjudged == ("read, 5/s",)


def test_the_highest_load_must_be_judged():
    judged = judge_p99([reads(5.0, *[5.0] * 400), reads(40.0, *[5.0] * 120)], 10.0)

    assert judged.misses == (
        "its p99 is unknown, since its upper bound needs 368 samples and read, 40/s has 120 (a longer --budget "
        "measures more)",
    )


def test_a_lower_load_above_the_limit_misses_it_even_with_few_samples():
    judged = judge_p99([reads(5.0, *[12.0] * 120), reads(40.0, *[5.0] * 400)], 10.0)

    assert judged.misses == ("its p99 is at least 12.0 ms (read, 5/s)",)


def test_a_target_without_a_steady_load_is_left_out_for_that_alone():
    assert judge_p99([], 10.0) == JudgedP99()


def test_the_report_names_the_loads_that_are_not_judged():
    loads = (reads(5.0, *[5.0] * 120), reads(40.0, *[5.0] * 400))
    targets = tuple(replace(target_of(name, 5.0), scenarios=loads) for name in (REFERENCE, ECS))
    recommendation = content_of(Run({"limits": {"max_p99_ms": 10.0}}, targets)).summary.recommendation

    assert (
        "The limit of the p99 is judged at the highest load of each scenario. Lower loads have too few samples for it "
        "(read, 5/s); a longer --budget measures more."
    ) in list(reason_sentences(recommendation))


def voided(scenario: ScenarioResult) -> ScenarioResult:
    blocks = tuple(replace(block, void="late sends") for block in scenario.blocks)
    return replace(scenario, blocks=blocks, void_blocks=len(blocks))


@pytest.mark.parametrize("latency_ms", [5.0, 50.0])
def test_void_blocks_of_the_highest_load_judge_nothing(latency_ms: float):
    judged = judge_p99([reads(20.0, *[5.0] * 400), voided(reads(40.0, *[latency_ms] * 1_000))], 10.0)

    assert judged.misses == ("its p99 is unknown, since all blocks of read, 40/s are void",)


def test_void_blocks_of_a_lower_load_are_not_judged():
    judged = judge_p99([voided(reads(20.0, *[50.0] * 1_000)), reads(40.0, *[5.0] * 400)], 10.0)

    assert judged.misses == ()
    assert judged.unjudged == ("read, 20/s",)
