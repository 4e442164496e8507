from dataclasses import replace

import pytest

from django_runtimes.compare.analysis.busy_machine import busy_sentence
from django_runtimes.compare.analysis.summary import summarize
from django_runtimes.compare.cost.analysis import analyze_cost
from django_runtimes.compare.cost.cost_sentences import cost_sentences
from django_runtimes.compare.record.results import Run
from django_runtimes.compare.report.content import content_of
from django_runtimes.compare.report.tables.figure_tables import latency_tables
from tests.unit.compare.recommendation.runs import ECS, REFERENCE, run_of

MACHINE = {"machine": {"cpus": 2, "busy_cpus_before": 1.9}}
BUSY = (
    "Other processes kept 1.2 of 2 CPUs busy during the measurement, so latencies and durations may include waiting "
    "for a CPU, and bills that depend on durations are upper bounds."
)


def with_other_cpus(run: Run, other_cpus: float | None) -> Run:
    targets = tuple(
        replace(
            target,
            scenarios=tuple(
                replace(each, blocks=tuple(replace(block, other_cpus=other_cpus) for block in each.blocks))
                for each in target.scenarios
            ),
        )
        for target in run.targets
    )
    return replace(run, environment={**run.environment, **MACHINE}, targets=targets)


@pytest.mark.parametrize(
    ("other_cpus", "opening"),
    [(1.2, "Other processes kept 1.2 of 2 CPUs busy during"), (None, "Other processes kept 1.9 of 2 CPUs busy before")],
)
def test_a_busy_machine_is_named(other_cpus: float | None, opening: str):
    sentence = busy_sentence(with_other_cpus(run_of({ECS: 4.0}), other_cpus))

    assert sentence is not None
    assert sentence.startswith(opening)


def test_little_other_work_during_the_blocks_needs_no_sentence():
    assert busy_sentence(with_other_cpus(run_of({ECS: 4.0}), 0.5)) is None


def test_a_busy_machine_qualifies_the_answer_the_claims_and_the_bills():
    run = with_other_cpus(run_of({REFERENCE: 13.0, ECS: 4.0}), 1.2)
    summary = content_of(run).summary

    assert summary.answer[-1] == BUSY
    assert BUSY in summary.unsupported
    assert BUSY in cost_sentences(analyze_cost(run))


def test_other_work_stands_beside_the_verdicts():
    (table,) = latency_tables(summarize(with_other_cpus(run_of({REFERENCE: 13.0, ECS: 4.0}), 1.2)))

    assert table.columns[-1] == "other CPUs"
    assert [row[-1] for row in table.rows] == ["1.2", "1.2"]
    assert table.notes == (f"CPUs that other processes kept busy during the blocks: {REFERENCE} 1.2, {ECS} 1.2.",)
