from dataclasses import replace
from decimal import Decimal

import pytest

from django_runtimes.compare.analysis.summary import summarize
from django_runtimes.compare.cost import analysis
from django_runtimes.compare.cost.analysis import analyze_cost
from django_runtimes.compare.recommendation.candidate import candidates_of
from django_runtimes.compare.recommendation.conditions import condition_sentences, rate_above
from django_runtimes.compare.recommendation.recommendation import (
    ChoiceReason,
    Recommendation,
    RecommendationKind,
    recommend,
)
from django_runtimes.compare.recommendation.recommendation_sentences import answer_lines, reason_sentences
from django_runtimes.compare.recommendation.stated_limits import StatedLimits
from django_runtimes.compare.record.results import Run
from tests.unit.compare.cost.fixed_prices import PRICES
from tests.unit.compare.recommendation.runs import APP_RUNNER, ECS, PERSISTENT, REFERENCE, run_of, target_of

MEDIANS_MS = {REFERENCE: 13.0, PERSISTENT: 6.0, ECS: 4.0}


@pytest.fixture(autouse=True)
def fixed_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "read_prices", lambda region: PRICES)


def recommended(run: Run) -> Recommendation:
    limits = StatedLimits.of_environment(run.environment)
    return recommend(run, summarize(run), candidates_of(run, limits, analyze_cost(run)), limits)


def test_without_limits_nobody_wins():
    found = recommended(run_of(MEDIANS_MS))

    assert found.kind is RecommendationKind.TRADE_OFF
    assert found.chosen == ()
    assert [each.name for each in found.fastest] == [ECS]
    assert [each.name for each in found.cheapest] == [PERSISTENT]
    assert answer_lines(found) == (
        "Fastest: aws_ecs/pool/direct, with reads in 4.00 ms (emulated medians), p99 4.00 ms, 159.48 USD per month "
        "with 2 tasks.",
        "Cheapest at 10/s: aws_lambda/persistent/proxy, with reads in 6.00 ms (emulated medians), p99 6.00 ms, 116.82 "
        "USD per month behind an HTTP API.",
        "You stated no limits, so this report recommends no target: state --max-p99-ms, --max-usd-per-month or both.",
    )


def test_a_lower_price_of_a_closed_service_is_explained():
    containers = {ECS: 4.0, "aws_ecs/persistent/direct": 6.0, APP_RUNNER: 4.0}

    assert "cheapest at 10/s (App Runner left out)" in " ".join(answer_lines(recommended(run_of(containers))))
    assert "Cheapest at 10/s:" in " ".join(
        answer_lines(recommended(run_of({**containers, "aws_lambda/per_request/direct": 5.0})))
    )


@pytest.mark.parametrize(
    ("app_runner_ms", "opening"),
    [
        (3.0, "Fastest (App Runner left out): aws_ecs/pool/direct, with"),
        (4.0, "Fastest (App Runner left out): aws_ecs/pool/direct, with"),
        (9.0, "Fastest: aws_ecs/pool/direct, with"),
    ],
)
def test_a_closed_service_among_the_fastest_is_explained(app_runner_ms: float, opening: str):
    found = recommended(run_of({ECS: 4.0, PERSISTENT: 6.0, APP_RUNNER: app_runner_ms}))

    assert answer_lines(found)[0].startswith(opening)


def test_each_price_names_its_front_door_or_its_tasks():
    run = run_of({PERSISTENT: 6.0, ECS: 4.0}, limits={"max_usd_per_month": 100.0})
    found = recommended(run)
    function, service = found.candidates

    assert function.billed is not None
    assert function.billed.name == "aws_lambda+http_api/persistent/proxy"
    assert function.brief_setup == "behind an HTTP API"
    assert service.brief_setup == "with 2 tasks"
    # A function URL costs less, so the user who can choose it learns of it.
    assert next(reason_sentences(found)) == (
        f"{PERSISTENT}: it costs 116.82 USD per month behind an HTTP API (90.54* by function URL)."
    )


def test_prices_from_unverified_ones_are_marked():
    found = recommended(run_of({APP_RUNNER: 4.0, ECS: 6.0}, limits={"max_usd_per_month": 100.0}))
    closed, service = found.candidates

    assert (closed.usd_text, service.usd_text) == ("108.69*", "159.48")
    assert "it costs 108.69* USD per month" in " ".join(reason_sentences(found))


def test_with_only_a_budget_the_fastest_affordable_target_is_chosen():
    found = recommended(run_of(MEDIANS_MS, limits={"max_usd_per_month": 150.0}))

    assert [each.name for each in found.chosen] == [PERSISTENT]
    assert found.reason is ChoiceReason.FASTEST
    assert any(text.startswith("aws_ecs/pool/direct: it costs ") for text in reason_sentences(found))


def test_with_a_limit_of_the_p99_the_cheapest_target_is_chosen():
    found = recommended(run_of(MEDIANS_MS, limits={"max_p99_ms": 7.0}))

    assert [each.name for each in found.chosen] == [PERSISTENT]
    assert found.reason is ChoiceReason.CHEAPEST
    assert f"{REFERENCE}: its p99 is 13.0 ms (read, 50/s)." in list(reason_sentences(found))


def test_a_target_that_alone_meets_both_limits_is_chosen():
    found = recommended(run_of(MEDIANS_MS, limits={"max_p99_ms": 5.0, "max_usd_per_month": 500.0}))

    assert [each.name for each in found.chosen] == [ECS]
    assert answer_lines(found)[1] == (
        "No other target meets your limits: a p99 of at most 5 ms and at most 500 USD per month at 10/s."
    )


def test_limits_that_no_target_meets_choose_nothing():
    found = recommended(run_of(MEDIANS_MS, limits={"max_p99_ms": 1.0}))

    assert found.kind is RecommendationKind.NONE_MEETS
    assert answer_lines(found) == ("No target is shown to meet your limits: a p99 of at most 1 ms.",)


def test_a_budget_at_other_traffic_is_judged_there():
    found = recommended(run_of(MEDIANS_MS, limits={"max_usd_per_month": 120.0, "requests_per_month": 1_000_000.0}))

    # At 0.38/s Fargate with its load balancer is affordable, and it is the fastest.
    assert [each.name for each in found.chosen] == [ECS]
    assert "at 1,000,000 requests per month" in answer_lines(found)[1]


def test_a_p99_from_too_few_samples_meets_no_limit():
    found = recommended(run_of(MEDIANS_MS, limits={"max_p99_ms": 50.0}, blocks=9))

    assert found.kind is RecommendationKind.NONE_MEETS
    assert "its p99 is unknown, since one needs 1,000 samples and a scenario has 900" in found.candidates[0].misses[0]


def test_targets_that_cannot_be_told_apart_are_chosen_by_cost():
    found = recommended(run_of({REFERENCE: 6.0, ECS: 6.0}, limits={"max_usd_per_month": 500.0}))

    assert [each.name for each in found.chosen] == [REFERENCE]
    assert answer_lines(found)[1].startswith("None is shown to be faster, and it is cheaper, of the 2 targets")


def test_too_few_blocks_leave_the_choice_to_the_cost():
    found = recommended(run_of(MEDIANS_MS, limits={"max_usd_per_month": 500.0}, blocks=2))

    assert found.fastest == ()
    assert [each.name for each in found.chosen] == [PERSISTENT]
    assert found.reason is ChoiceReason.CHEAPEST


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
    assert "only 98.0% of its reads were answered as expected" in found.candidates[2].misses


def test_the_rate_at_which_a_bill_exceeds_the_budget_is_exact():
    run = run_of(MEDIANS_MS, limits={"max_usd_per_month": 120.0})
    found, cost = recommended(run), analyze_cost(run)
    billed = found.chosen[0].billed
    assert billed is not None

    rate = rate_above(billed, Decimal(120), Decimal(1_000))

    assert rate is not None
    traffic = analysis.Traffic.constant
    assert abs(billed.bill(traffic(rate)).usd - 120) < Decimal("0.0001")
    assert billed.bill(traffic(rate * Decimal("1.01"))).usd > 120
    assert any("costs more than 120 USD per month" in text for text in condition_sentences(found, cost))


def test_the_conditions_name_the_crossings_around_the_traffic():
    run = run_of({REFERENCE: 60.0, ECS: 4.0})
    found, cost = recommended(run), analyze_cost(run, settings=["capacity_rps=300"])

    text = next(condition_sentences(found, cost))

    assert text.startswith("When the traffic changes: at 10/s the cheapest target is ")
    assert "above " in text
    assert " it is aws_ecs/pool/direct" in text


def test_the_conditions_name_no_target_that_fails_requests():
    run = run_of({REFERENCE: 13.0, ECS: 4.0})
    failing = replace(run, targets=(*run.targets, target_of(PERSISTENT, 6.0, ok_share=0.9)))
    found, cost = recommended(failing), analyze_cost(failing)

    assert next(condition_sentences(found, cost)).startswith(
        "When the traffic changes: at 10/s the cheapest target is aws_lambda+http_api/per_request/proxy"
    )


def test_emulated_targets_do_not_win_against_deployed_ones():
    run = run_of(MEDIANS_MS, limits={"max_usd_per_month": 1_000.0})
    deployed = tuple(replace(each, label="deployed") if each.name != ECS else each for each in run.targets)

    found = recommended(replace(run, targets=deployed))

    assert [each.name for each in found.chosen] == [PERSISTENT]
    assert f"{ECS}: it was emulated, and deployed targets were measured." in list(reason_sentences(found))


def test_only_emulated_targets_are_still_to_be_measured_on_aws():
    run = run_of(MEDIANS_MS)
    deployed = replace(run, targets=tuple(replace(each, label="deployed") for each in run.targets))
    reminder = "Before production: measure the chosen target on AWS, since these figures were emulated."

    assert reminder in list(condition_sentences(recommended(run), analyze_cost(run)))
    assert reminder not in list(condition_sentences(recommended(deployed), analyze_cost(deployed)))
