"""When no target is recommended: the A/A pair, errors, and targets that are not open to everybody."""

from dataclasses import replace

import pytest

from django_runtimes.compare.recommendation.recommendation import (
    RecommendationKind,
)
from django_runtimes.compare.recommendation.recommendation_sentences import answer_lines, reason_sentences
from tests.unit.compare.recommendation.runs import (
    APP_RUNNER,
    ECS,
    MEDIANS_MS,
    PERSISTENT,
    recommended,
    run_of,
    target_of,
)


def test_an_a_a_pair_that_differs_withholds_the_recommendation():
    run = run_of({APP_RUNNER: 4.0, ECS: 5.0, PERSISTENT: 6.0}, limits={"max_usd_per_month": 500.0})
    differing = replace(run, environment={**run.environment, "aa_pairs": [[APP_RUNNER, ECS]]})

    found = recommended(differing)

    assert found.kind is RecommendationKind.WITHHELD
    assert found.chosen == ()
    assert answer_lines(found)[0] == "An A/A pair differs, so this run names no winner."
    assert "would meet your limits: at most 500 USD per month at 10/s." in " ".join(reason_sentences(found))


@pytest.mark.parametrize(
    ("plan", "remedy"),
    [
        ({"budget_s": None}, "Run webapp compare without --quick."),
        ({"budget_s": 300.0}, "Give a longer --budget, or fewer targets."),
    ],
)
def test_an_a_a_pair_that_cannot_be_judged_withholds_the_recommendation(plan: dict[str, object], remedy: str):
    run = run_of({APP_RUNNER: 4.0, ECS: 4.0, PERSISTENT: 6.0}, limits={"max_usd_per_month": 200.0}, blocks=2)
    environment = {**run.environment, "aa_pairs": [[APP_RUNNER, ECS]], "plan": plan}

    found = recommended(replace(run, environment=environment))

    assert found.kind is RecommendationKind.WITHHELD
    assert found.chosen == ()
    assert answer_lines(found) == (
        "An A/A pair could not be judged, since too few of its blocks are valid, so this run names no winner.",
        remedy,
    )


def test_app_runner_is_not_recommended_to_new_customers():
    found = recommended(run_of({APP_RUNNER: 3.0, ECS: 6.0}, limits={"max_usd_per_month": 500.0}))

    assert [each.name for each in found.chosen] == [ECS]


def test_a_target_with_errors_is_not_recommended():
    run = run_of(MEDIANS_MS, limits={"max_usd_per_month": 500.0})
    failing = replace(run, targets=(*run.targets[:2], target_of(ECS, 4.0, ok_share=0.98)))

    found = recommended(failing)

    assert [each.name for each in found.chosen] == [PERSISTENT]
    assert found.candidates[2].exclusions == ("only 98.0% of its reads were answered as expected",)


def test_emulated_targets_do_not_win_against_deployed_ones():
    run = run_of(MEDIANS_MS, limits={"max_usd_per_month": 1_000.0})
    deployed = tuple(replace(each, label="deployed") if each.name != ECS else each for each in run.targets)

    found = recommended(replace(run, targets=deployed))

    assert [each.name for each in found.chosen] == [PERSISTENT]
    assert f"Left out: {ECS} (it was emulated, and deployed targets were measured)." in " ".join(answer_lines(found))
