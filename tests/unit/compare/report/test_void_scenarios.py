from dataclasses import replace

import pytest

from django_runtimes.compare.record.results import Run, ScenarioResult, TargetResult
from django_runtimes.compare.report.content import content_of
from django_runtimes.compare.report.plots.latency_plots import percentile_plots, rate_plots
from tests.unit.compare.recommendation.runs import ECS


def voided(scenario: ScenarioResult) -> ScenarioResult:
    blocks = tuple(replace(block, void="late sends") for block in scenario.blocks)
    return replace(scenario, blocks=blocks, void_blocks=len(blocks))


@pytest.fixture
def void(run: Run) -> Run:
    """Return the run with only void blocks of ECS's reads, which it has at two rates."""

    def of(target: TargetResult) -> TargetResult:
        reads, *others = target.scenarios or (None,)
        if reads is None:
            return target
        kept = voided(reads) if target.name == ECS else reads
        return replace(target, scenarios=(kept, *others, replace(kept, rate_rps=50.0)))

    return replace(run, targets=tuple(of(target) for target in run.targets))


def test_a_sentence_says_that_a_void_latency_proves_nothing(void: Run):
    sentences = dict(content_of(void).summary.targets)

    assert "reads in 3.96 ms at 50/s (median, p99 8.03 ms, void, so it proves nothing)" in sentences[ECS]
    assert "void" not in sentences["aws_app_runner/pool/direct"]


def test_the_picture_marks_a_void_latency(void: Run):
    plot = content_of(void).summary.plot
    assert plot is not None
    rows = plot.spec(1_000)["hconcat"][0]["data"]["values"]

    assert [row["target"] for row in rows if row["latency_text"].endswith(" ms, void")] == [ECS]
    assert plot.notes[0] == "Void: no block was measured without a disturbance, so this latency proves nothing."


def test_the_picture_of_valid_latencies_does_not_mention_void_ones(run: Run):
    plot = content_of(run).summary.plot

    assert plot is not None
    assert not any("Void" in note for note in plot.notes)


def test_plots_of_latency_leave_out_void_scenarios(void: Run):
    (rates,) = rate_plots(void)
    reads, writes = percentile_plots(void)

    assert ECS not in {row[0] for row in rates.table.rows}
    assert ECS not in {row[0] for row in reads.table.rows}
    assert ECS in {row[0] for row in writes.table.rows}
    assert len(rates.table.rows) == 6


def test_a_rate_with_too_few_samples_for_a_p90_is_not_drawn(void: Run):
    few = replace(
        void,
        targets=tuple(
            replace(
                target,
                scenarios=tuple(
                    replace(each, latency_ms=replace(each.latency_ms, n=99)) if each.rate_rps == 50.0 else each
                    for each in target.scenarios
                ),
            )
            for target in void.targets
        ),
    )

    assert len(list(rate_plots(void))) == 1
    assert list(rate_plots(few)) == []
