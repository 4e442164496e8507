from dataclasses import replace

import pytest

from django_runtimes.compare.analysis.summary import summarize
from django_runtimes.compare.load.histogram import LatencyHistogram
from django_runtimes.compare.record.results import Run, ScenarioResult
from django_runtimes.compare.report.content import content_of
from django_runtimes.compare.report.tables.lateness_table import lateness_sentences, lateness_table
from tests.unit.compare.recommendation.runs import ECS, REFERENCE, run_of


def late(run: Run, sends: int, *, delay_ms: float) -> Run:
    """Return the run with this number of late sends in each block of its last target."""
    *others, last = run.targets
    (scenario,) = last.scenarios
    due = LatencyHistogram()
    for number in range(100):
        due.record(20.0 + (delay_ms if number < sends else 0.0))
    blocks = tuple(replace(block, late=sends, histogram=due.encoded()) for block in scenario.blocks)
    return replace(run, targets=(*others, replace(last, scenarios=(replace(scenario, blocks=blocks),))))


def scenario_of(run: Run) -> ScenarioResult:
    return run.targets[-1].scenarios[0]


def test_the_late_sends_of_valid_blocks_have_the_interval_of_their_share():
    run = late(run_of({REFERENCE: 20.0, ECS: 20.0}), 2, delay_ms=30.0)

    rows = lateness_table(summarize(run)).rows

    assert rows == (
        (REFERENCE, "emulated", "read, 50/s", "3,000", "0", "0.00% (0.00% to 0.12%)", "20.0, 20.0", "20.0, 20.0"),
        (ECS, "emulated", "read, 50/s", "3,000", "60", "2.00% (1.53% to 2.57%)", "20.0, 20.0", "50.0, 20.0"),
    )


def test_the_late_sends_of_void_blocks_do_not_count():
    run = late(run_of({ECS: 20.0}), 2, delay_ms=30.0)
    blocks = tuple(replace(block, void="late" if block.index else None) for block in scenario_of(run).blocks)
    (target,) = run.targets
    void = replace(run, targets=(replace(target, scenarios=(replace(scenario_of(run), blocks=blocks),)),))

    ((_, _, _, sent, found, *_),) = lateness_table(summarize(void)).rows

    assert (sent, found) == ("100", "2")


def test_a_p99_that_late_sends_raised_is_named():
    run = late(run_of({REFERENCE: 20.0, ECS: 20.0}), 2, delay_ms=30.0)

    sentence = (
        f"Late sends of the load generator raised the p99 of {ECS} (read, 50/s) from 20.0 to 50.0 ms; repeat the run "
        "on a machine that is less busy before you rely on it."
    )
    assert list(lateness_sentences(summarize(run))) == [sentence]
    assert sentence in content_of(run).remarks


@pytest.mark.parametrize(("sends", "delay_ms"), [(1, 30.0), (2, 1.5)], ids=["may be 1 %", "less than 10 %"])
def test_lateness_that_may_not_matter_is_not_named(sends: int, delay_ms: float):
    run = late(run_of({ECS: 20.0}), sends, delay_ms=delay_ms)

    assert list(lateness_sentences(summarize(run))) == []
