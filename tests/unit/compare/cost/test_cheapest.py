from decimal import Decimal
from itertools import pairwise

import pytest

from django_runtimes.compare.cost.analysis import analyze_cost
from django_runtimes.compare.cost.cheapest import cheapest_ranges, eligible_targets
from django_runtimes.compare.cost.usage.traffic import Traffic


@pytest.mark.parametrize(
    "settings",
    [
        [],
        ["capacity_rps=20", "duration_ms=8"],
        ["aws_ecs/pool/direct:capacity_rps=17", "duration_ms=30", "memory_mb=512"],
        ["architecture=arm", "free_tier=on", "min_tasks=0"],
    ],
)
def test_the_ranges_match_the_lowest_bill_at_every_rate(settings: list[str]):
    analysis = analyze_cost(None, settings=settings)
    ranges = cheapest_ranges(analysis)

    assert ranges[0].start_rps == 0
    assert ranges[-1].end_rps == 1_000
    assert all(one.end_rps == other.start_rps for one, other in pairwise(ranges))
    for step in range(1, 400):
        rate = Decimal(step) * 5 / 2
        bills = {billed.name: billed.bill(Traffic.constant(rate)).usd for billed in eligible_targets(analysis)}
        found = next(each for each in ranges if each.start_rps < rate <= each.end_rps)
        assert bills[found.name] <= min(bills.values()) + Decimal("1e-9"), rate


def test_app_runner_is_eligible_only_without_others():
    analysis = analyze_cost(None)

    assert "aws_app_runner/pool/direct" in {billed.name for billed in analysis.targets}
    assert "aws_app_runner/pool/direct" not in {billed.name for billed in eligible_targets(analysis)}
