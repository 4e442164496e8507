from dataclasses import replace
from decimal import Decimal

import pytest

from django_runtimes.compare.cost import analysis
from django_runtimes.compare.cost.analysis import analyze_cost
from django_runtimes.compare.cost.cheapest import cheapest_ranges, left_out
from django_runtimes.compare.cost.cost_sentences import cheapest_sentences
from django_runtimes.compare.recommendation.conditions import condition_sentences, rate_above
from django_runtimes.compare.recommendation.recommendation import (
    ChoiceReason,
    RecommendationKind,
)
from django_runtimes.compare.recommendation.recommendation_sentences import answer_lines, reason_sentences
from django_runtimes.compare.record.results import Run
from tests.unit.compare.recommendation.runs import (
    APP_RUNNER,
    ECS,
    MEDIANS_MS,
    PERSISTENT,
    REFERENCE,
    recommended,
    run_of,
    target_of,
)


def test_without_limits_nobody_wins():
    found = recommended(run_of(MEDIANS_MS))

    assert found.kind is RecommendationKind.TRADE_OFF
    assert found.chosen == ()
    assert [each.name for each in found.fastest] == [ECS]
    assert [each.name for each in found.cheapest] == [PERSISTENT]
    assert answer_lines(found) == (
        "Fastest: aws_ecs/pool/direct, with reads in 4.00 ms (emulated medians), p99 4.00 ms, 165.81† USD per month "
        "with 2 tasks.",
        "Cheapest at 10/s: aws_lambda/persistent/proxy, with reads in 6.00 ms (emulated medians), p99 6.00 ms, 122.24 "
        "USD per month behind an HTTP API.",
        "You stated no limits, so this report recommends no target: state --max-p99-ms, --max-usd-per-month or both.",
    )


def test_what_is_left_out_of_the_trade_off_has_its_reason():
    run = run_of({ECS: 4.0, PERSISTENT: 6.0, APP_RUNNER: 3.0})
    failing = replace(run, targets=(*run.targets, target_of(REFERENCE, 1.0, ok_share=0.9)))

    found = recommended(failing)

    assert [each.name for each in (*found.fastest, *found.cheapest)] == [ECS, PERSISTENT]
    assert answer_lines(found)[1].endswith(
        "USD per month behind an HTTP API. Left out: aws_app_runner/pool/direct (closed to new customers since "
        "2026-04-30), aws_lambda/per_request/proxy (only 90.0% of its reads were answered as expected)."
    )


def test_what_is_left_out_of_a_choice_has_its_reason():
    found = recommended(run_of({ECS: 4.0, PERSISTENT: 6.0, APP_RUNNER: 3.0}, limits={"max_p99_ms": 50.0}))

    assert [each.name for each in found.chosen] == [PERSISTENT]
    assert answer_lines(found)[1] == (
        "It is the cheapest of the 2 targets that meet your limits: a p99 of at most 50 ms. Left out: "
        "aws_app_runner/pool/direct (closed to new customers since 2026-04-30)."
    )


@pytest.mark.parametrize("excluded", [APP_RUNNER, PERSISTENT, REFERENCE, ECS, "nothing"])
def test_the_recommendation_and_the_bills_agree_on_the_cheapest_target(excluded: str):
    run = run_of({REFERENCE: 13.0, PERSISTENT: 6.0, ECS: 4.0, APP_RUNNER: 4.0})
    failing = tuple(target_of(each.name, 5.0, ok_share=0.9) if each.name == excluded else each for each in run.targets)
    run = replace(run, targets=failing)
    cost = analyze_cost(run)

    found = recommended(run)

    (cheapest,) = found.cheapest
    assert cheapest.name not in {excluded, APP_RUNNER}
    assert cheapest.billed is not None
    at_ten = next(each for each in cheapest_ranges(cost) if each.end_rps >= 10)
    assert at_ten.name == cheapest.billed.name
    assert f"the cheapest target is {cost.marked(at_ten.name)}" in next(condition_sentences(found, cost))
    assert {each.name for each in found.candidates if each.exclusions} == cost.exclusions.keys()
    assert all(f"{name} (" in left_out(cost) for name in cost.exclusions)


def test_a_run_whose_targets_all_fail_requests_has_no_cheapest_target():
    run = Run({"workload": "notes"}, tuple(target_of(name, 5.0, ok_share=0.9) for name in (PERSISTENT, ECS)))
    cost = analyze_cost(run)

    assert recommended(run).cheapest == ()
    assert cheapest_ranges(cost) == ()
    assert (
        "No target can be called the cheapest. Left out: aws_lambda/persistent/proxy (only 90.0% of its "
        in " ".join(cheapest_sentences(cost))
    )
    assert next(condition_sentences(recommended(run), cost)) == (
        "When the traffic changes: no target can be called the cheapest now."
    )


def test_the_conditions_compare_only_targets_that_are_fast_enough():
    run = run_of(MEDIANS_MS, limits={"max_p99_ms": 5.0})

    text = next(condition_sentences(recommended(run), analyze_cost(run)))

    assert text.startswith(
        "When the traffic changes: at 10/s the cheapest target that meets your limit of the p99 is "
        "aws_ecs/pool/direct†, as at every rate up to 1,000/s."
    )


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
        f"{PERSISTENT}: it costs 122.24 USD per month behind an HTTP API (95.96* by function URL)."
    )


def test_the_network_of_managed_instances_is_named_beside_their_costs():
    managed = "aws_lambda+managed/persistent/direct"
    sentence = f"The costs of {managed} leave out the NAT gateway or endpoints that Managed Instances need."

    assert sentence in list(reason_sentences(recommended(run_of({managed: 6.0, ECS: 4.0}))))
    assert not any("NAT" in each for each in reason_sentences(recommended(run_of({PERSISTENT: 6.0, ECS: 4.0}))))


def test_prices_from_unverified_ones_are_marked():
    found = recommended(run_of({APP_RUNNER: 4.0, ECS: 6.0}, limits={"max_usd_per_month": 100.0}))
    closed, service = found.candidates

    assert (closed.usd_text, service.usd_text) == ("115.01*†", "165.81†")
    assert "it costs 115.01*† USD per month" in " ".join(reason_sentences(found))


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


def test_too_few_samples_for_the_bound_of_a_p99_meet_no_limit():
    found = recommended(run_of(MEDIANS_MS, limits={"max_p99_ms": 50.0}, blocks=3))

    assert found.kind is RecommendationKind.NONE_MEETS
    assert found.candidates[0].misses == (
        "its p99 is unknown, since its upper bound needs 368 samples and read, 50/s has 300 (a longer --budget "
        "measures more)",
    )


def test_a_target_is_chosen_by_the_bound_of_a_p99_that_is_not_shown():
    found = recommended(run_of(MEDIANS_MS, limits={"max_p99_ms": 7.0}, blocks=9))

    assert answer_lines(found)[0] == (
        f"Choose {PERSISTENT}: reads in 6.00 ms (emulated medians), p99 at most 6.00 ms, 122.24 USD per month behind "
        "an HTTP API."
    )


def test_targets_that_cannot_be_told_apart_are_chosen_by_cost():
    found = recommended(run_of({REFERENCE: 6.0, ECS: 6.0}, limits={"max_usd_per_month": 500.0}))

    assert [each.name for each in found.chosen] == [REFERENCE]
    assert answer_lines(found)[1].startswith("None is shown to be faster, and it is cheaper, of the 2 targets")


def test_the_cheapest_of_equally_fast_targets_is_not_the_fastest():
    lines = answer_lines(recommended(run_of({REFERENCE: 6.0, ECS: 6.0})))

    assert lines[0].startswith(f"Cheapest at 10/s, and no target is shown to be faster: {REFERENCE}, with reads in")


def test_the_fastest_targets_that_do_not_differ_are_named_together():
    lines = answer_lines(recommended(run_of({REFERENCE: 13.0, ECS: 6.0, "kubernetes/pool/direct": 6.0})))

    assert lines[0].startswith(f"Fastest: {ECS} and kubernetes/pool/direct, which are not shown to differ; {ECS} with ")


def test_too_few_blocks_leave_the_choice_to_the_cost():
    found = recommended(run_of(MEDIANS_MS, limits={"max_usd_per_month": 500.0}, blocks=2))

    assert found.fastest == ()
    assert [each.name for each in found.chosen] == [PERSISTENT]
    assert found.reason is ChoiceReason.CHEAPEST


def test_the_rate_at_which_a_bill_exceeds_the_budget_is_exact():
    run = run_of(MEDIANS_MS, limits={"max_usd_per_month": 130.0})
    found, cost = recommended(run), analyze_cost(run)
    billed = found.chosen[0].billed
    assert billed is not None

    rate = rate_above(billed, Decimal(130), Decimal(1_000))

    assert rate is not None
    traffic = analysis.Traffic.constant
    assert abs(billed.bill(traffic(rate)).usd - 130) < Decimal("0.0001")
    assert billed.bill(traffic(rate * Decimal("1.01"))).usd > 130
    assert any("costs more than 130 USD per month" in text for text in condition_sentences(found, cost))


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


def test_only_emulated_targets_are_still_to_be_measured_on_aws():
    run = run_of(MEDIANS_MS)
    deployed = replace(run, targets=tuple(replace(each, label="deployed") for each in run.targets))
    reminder = "Before production: measure the chosen target on AWS, since these figures were emulated."

    assert reminder in list(condition_sentences(recommended(run), analyze_cost(run)))
    assert reminder not in list(condition_sentences(recommended(deployed), analyze_cost(deployed)))
