import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.cost.bills.bill import Bill, Billed, BillTerm, steps
from django_runtimes.compare.cost.bills.container_bill import AppRunnerBilling, FargateBilling
from django_runtimes.compare.cost.bills.database_bill import AuroraBilling, EgressBilling
from django_runtimes.compare.cost.bills.front_door import FrontDoor
from django_runtimes.compare.cost.bills.lambda_bill import LambdaBilling
from django_runtimes.compare.cost.bills.managed_bill import ManagedBilling
from django_runtimes.compare.cost.crossing import Crossing, all_crossings, linear_pieces
from django_runtimes.compare.cost.prices.price import Price
from django_runtimes.compare.cost.usage.traffic import Traffic
from django_runtimes.compare.cost.usage.usage import Usage
from tests.unit.compare.cost.fixed_prices import PRICES

HIGHEST = Decimal(1_000)


@dataclass(frozen=True)
class Stairs:
    """A bill of `fixed` USD, `slope` USD per request per second, and `step` USD per `width` requests per second."""

    name: str
    fixed: str = "0"
    slope: str = "0"
    step: str = "0"
    width: str = "10"

    def bill(self, traffic: Traffic) -> Bill:
        rate = traffic.periods[0].rate_rps
        begun = (rate / Decimal(self.width)).to_integral_value(ROUND_CEILING)
        usd = Decimal(self.fixed) + Decimal(self.slope) * rate + Decimal(self.step) * begun
        return Bill((BillTerm("all", usd, replace(PRICES["alb_hour"], value=Decimal(1)), ""),))

    def breaks(self, up_to_rps: Decimal) -> Iterator[Decimal]:
        yield from steps(Decimal(self.width), up_to_rps)


def crossings(*billed: Billed, up_to: str = "100") -> list[tuple[str, str, str]]:
    return [
        (f"{each.rate_rps.normalize():f}", each.cheaper_below, each.cheaper_above)
        for each in all_crossings(billed, Decimal(up_to))
    ]


def test_two_lines_cross_once():
    assert crossings(Stairs("flat", fixed="50"), Stairs("steep", slope="2")) == [("25", "steep", "flat")]


def test_lines_that_do_not_meet_do_not_cross():
    assert crossings(Stairs("low", fixed="1"), Stairs("high", fixed="2")) == []


def test_equal_bills_do_not_cross():
    assert crossings(Stairs("one", slope="1"), Stairs("other", slope="1")) == []


def test_a_jump_is_a_crossing_at_its_rate():
    # The stairs cost 10 USD up to 10 requests per second, and 20 USD above.
    assert crossings(Stairs("stairs", step="10"), Stairs("flat", fixed="15"), up_to="20") == [("10", "stairs", "flat")]


def test_every_crossing_with_a_staircase_is_found():
    # The line is at 11 at the first jump, so it crosses each stair from below and drops under the next stair.
    assert crossings(Stairs("stairs", step="10"), Stairs("line", slope="1.1"), up_to="40") == [
        ("9.090909090909090909090909091", "line", "stairs"),
        ("10", "stairs", "line"),
        ("18.18181818181818181818181818", "line", "stairs"),
        ("20", "stairs", "line"),
        ("27.27272727272727272727272727", "line", "stairs"),
        ("30", "stairs", "line"),
        ("36.36363636363636363636363636", "line", "stairs"),
    ]


def test_a_line_that_only_touches_a_stair_does_not_cross_it():
    # The line meets the first stair at its very end, and is below the second stair.
    assert crossings(Stairs("stairs", step="10"), Stairs("line", slope="1"), up_to="20") == []


def test_bills_that_part_after_being_equal_do_not_cross():
    # The bills are equal up to 10 requests per second; above, the stairs cost 10 USD more.
    equal_then_dearer = Stairs("stairs", step="10")
    dearer_then_equal = Stairs("flat", fixed="10")

    assert crossings(equal_then_dearer, dearer_then_equal, up_to="30") == []


@pytest.mark.parametrize("seed", range(60))
def test_crossings_of_random_bills_match_a_brute_force_search(seed: int):
    rng = random.Random(seed)
    first, second = (
        Stairs(
            name,
            fixed=str(rng.randint(0, 50)),
            slope=str(rng.choice([0, 0, 1, 2]) * rng.randint(0, 5)),
            step=str(rng.choice([0, 5, 20, 70])),
            width=str(rng.choice(["1.25", "3", "7.5", "10", "16"])),
        )
        for name in ("first", "second")
    )

    found = all_crossings((first, second), Decimal(48))

    assert_same_order_as_by_brute_force(found, first, second, points=480, up_to=Decimal(48))


def assert_same_order_as_by_brute_force(
    found: tuple[Crossing, ...], first: Billed, second: Billed, *, points: int, up_to: Decimal
) -> None:
    """Assert that between neighbouring crossings the same bill is lower at every rate of a fine grid."""
    rates = [crossing.rate_rps for crossing in found]
    for index in range(1, points + 1):
        rate = up_to * index / points
        one, other = (billed.bill(Traffic.constant(rate)).usd for billed in (first, second))
        before = sum(crossed < rate for crossed in rates)
        if abs(one - other) < Decimal("1e-9") or rate in rates:
            continue
        cheaper = first.name if one < other else second.name
        if before:
            assert found[before - 1].cheaper_above == cheaper, rate
        elif found:
            assert found[0].cheaper_below == cheaper, rate


def random_usage(rng: random.Random) -> Usage:
    return replace(
        Usage(),
        duration_ms=Decimal(rng.choice([1, 20, 50, 300, 2_000])),
        memory_mb=Decimal(rng.choice([128, 1_024, 1_769, 4_096])),
        capacity_rps=Decimal(rng.choice(["8", "12.5", "50", "400"])),
        utilization=Decimal(rng.choice(["0.5", "0.65", "1"])),
        min_tasks=Decimal(rng.choice([0, 1, 2])),
        free_tier=rng.choice(["off", "on"]),
        cold_start_share=Decimal(rng.choice(["0", "0.01", "0.2"])),
        stream_share=Decimal(rng.choice(["0", "0", "0.1", "1"])),
        stream_mb=Decimal(rng.choice([1, 7, 30])),
        acu_per_rps=Decimal(rng.choice(["0", "0.02", "0.5", "40"])),
        egress_kb=Decimal(rng.choice([0, 30])),
        max_concurrency=Decimal(rng.choice([1, 10, 100])),
        requests_per_connection=Decimal(rng.choice([1, 5])),
        processes=Decimal(rng.choice([8, 16])),
        instance_type=rng.choice(["smallest", "m7g.2xlarge"]),
    )


def every_billed(usage: Usage) -> list[Billed]:
    return [
        *(LambdaBilling(front.value, usage, PRICES, front, route="proxy") for front in FrontDoor),
        LambdaBilling("snapstart", usage, PRICES, has_snapstart=True),
        LambdaBilling("provisioned", usage, PRICES, FrontDoor.HTTP_API, provisioned=Decimal(7)),
        FargateBilling("fargate", usage, PRICES),
        AppRunnerBilling("app_runner", usage, PRICES),
        ManagedBilling("managed", usage, PRICES),
        AuroraBilling("aurora", usage, PRICES, has_proxy=True),
        AuroraBilling("paused", usage, PRICES, pauses=True, has_data_api=True),
        EgressBilling("nat", usage, PRICES, "nat"),
        EgressBilling("endpoints", usage, PRICES, "endpoints"),
    ]


@pytest.mark.parametrize("seed", range(8))
def test_every_bill_is_a_line_between_its_breaks(seed: int):
    rng = random.Random(seed)
    for billed in every_billed(random_usage(rng)):
        pieces = linear_pieces(billed, HIGHEST)
        inside = [
            piece.start + (piece.end - piece.start) * Decimal(repr(rng.uniform(0.001, 0.999)))
            for piece in rng.sample(pieces, min(len(pieces), 12))
        ]
        # The bills of paused databases and idle instances have kinks only far below one request per second.
        for rate in (*inside, *(Decimal(10) ** Decimal(repr(rng.uniform(-4, 0))) for _ in range(12))):
            piece = next(piece for piece in pieces if piece.start < rate <= piece.end)
            exact = billed.bill(Traffic.constant(rate)).usd
            assert abs(piece.usd(rate) - exact) < Decimal("1e-9"), (billed.name, rate)


@pytest.mark.parametrize("seed", range(6))
def test_crossings_of_real_bills_match_a_brute_force_search(seed: int):
    rng = random.Random(seed)
    first, second = rng.sample(every_billed(random_usage(rng)), 2)

    found = all_crossings((first, second), HIGHEST)

    assert_same_order_as_by_brute_force(found, first, second, points=500, up_to=HIGHEST)


@pytest.mark.parametrize(("front", "lowest", "highest"), [("url", 25, 27), ("http_api", 13, 15)])
def test_a_function_with_a_proxy_crosses_a_service_of_two_tasks(front: str, lowest: int, highest: int):
    # By hand: two tasks, the load balancer and its addresses cost 95.81, the proxy 21.90. A million requests of 50 ms
    # with 1 GB cost 0.20 + 0.83, 0.05 for 0.3 % cold starts of 1 s, and 1.00 through an HTTP API.
    usage = replace(
        Usage(),
        memory_mb=Decimal(1_024),
        cold_start_share=Decimal("0.003"),
        init_ms=Decimal(1_000),
        secrets=Decimal(0),
        egress="nat",
        capacity_rps=Decimal(500),
        requests_per_connection=Decimal(1_000_000),
        response_kb=Decimal(0),
        request_kb=Decimal(0),
        log_kb=Decimal(0),
    )
    function = LambdaBilling("function", usage, PRICES, FrontDoor(front), route="proxy")

    (crossing,) = all_crossings((function, FargateBilling("tasks", usage, PRICES)), Decimal(100))

    assert (crossing.cheaper_below, crossing.cheaper_above) == ("function", "tasks")
    assert lowest < crossing.rate_rps < highest
    per_request = Decimal("1.0833350") if front == "url" else Decimal("2.0833350")
    by_hand = Decimal("73.9118") / per_request * 1_000_000 / 2_628_000
    assert abs(crossing.rate_rps - by_hand) < Decimal("0.01")


def test_too_many_stairs_are_an_error_with_its_remedy():
    with pytest.raises(UsageError, match=r"stairs would add more than 10,010 tasks .*; raise capacity_rps"):
        linear_pieces(Stairs("stairs", step="1", width="0.001"), HIGHEST)


def test_each_tier_of_a_price_ends_at_its_limit():
    tiered: Price = PRICES["http_api"]

    assert tiered.amount(Decimal(300_000_000)) == 300
    assert tiered.amount(Decimal(300_000_001)) == Decimal("300.0000009")
    assert tiered.amount(Decimal(0)) == 0
