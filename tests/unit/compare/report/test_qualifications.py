from dataclasses import replace

import pytest

from django_runtimes.compare.record.results import Run
from django_runtimes.compare.report.content import content_of
from django_runtimes.compare.report.overview.qualifications import qualified
from tests.unit.compare.recommendation.runs import ECS, PERSISTENT, REFERENCE, run_of, target_of

ANSWER = ("You stated no limits.",)


def with_burst(name: str, *, sent: int, ok: int, scenario: str = "burst") -> Run:
    """Return a run of two targets; one of them also has a burst."""
    run = run_of({REFERENCE: 14.0, name: 4.0})
    first, second = run.targets
    burst = replace(second.scenarios[0], name=scenario, rate_rps=None, sent=sent, ok=ok)
    return replace(run, targets=(first, replace(second, scenarios=(*second.scenarios, burst))))


def test_an_answer_of_a_run_without_failures_stands_alone():
    assert qualified(ANSWER, with_burst(ECS, sent=200, ok=198)) == ANSWER


@pytest.mark.parametrize(
    ("scenario", "requests"), [("burst", "requests in bursts"), ("burst_cold", "requests in cold bursts")]
)
def test_an_answer_names_failed_bursts(scenario: str, requests: str):
    assert qualified(ANSWER, with_burst(ECS, sent=200, ok=150, scenario=scenario)) == (
        *ANSWER,
        f"Failed: {ECS} left 25.0% of its {requests} without the expected answer.",
    )


def test_an_answer_names_failed_targets_and_errors_under_steady_load(run: Run):
    errors = replace(run_of({}), targets=(target_of(PERSISTENT, 6.0, ok_share=0.9), run.targets[2]))

    assert qualified(ANSWER, errors) == (
        *ANSWER,
        "Failed: aws_lambda/per_request/direct was not measured; "
        f"{PERSISTENT} left 10.0% of its reads at 50/s without the expected answer.",
    )


def test_a_target_whose_bursts_fail_is_not_recommended():
    failing = with_burst(ECS, sent=200, ok=150)
    limited = replace(failing, environment={**failing.environment, "limits": {"max_usd_per_month": 500.0}})

    assert content_of(limited).summary.answer[0].startswith(f"Choose {REFERENCE}: ")
    assert (
        content_of(limited)
        .summary.answer[1]
        .endswith(f"Left out: {ECS} (only 75.0% of its requests in bursts were answered as expected).")
    )


@pytest.mark.parametrize(
    ("planned", "opening"),
    [
        (300, "Interrupted after 60 of 300 blocks, so these figures are preliminary."),
        (0, "Interrupted before the steady load, so there is nothing to compare."),
        (None, "Interrupted after 60 blocks, so these figures are preliminary."),
    ],
)
def test_an_answer_of_an_interrupted_run_says_how_much_was_measured(planned: int | None, opening: str):
    run = run_of({REFERENCE: 14.0, ECS: 4.0})
    environment = {**run.environment, "interrupted": True, "planned_blocks": planned}

    assert qualified(ANSWER, replace(run, environment=environment)) == (opening, *ANSWER)


def test_void_blocks_of_an_interrupted_run_do_not_count():
    run = run_of({ECS: 4.0})
    (target,) = run.targets
    (scenario,) = target.scenarios
    void = replace(scenario, blocks=(replace(scenario.blocks[0], void="late"), *scenario.blocks[1:]))
    targets = (replace(target, scenarios=(void,)),)

    interrupted = Run({"interrupted": True, "planned_blocks": 60}, targets)

    assert qualified(ANSWER, interrupted)[0].startswith("Interrupted after 29 of 60 blocks")
