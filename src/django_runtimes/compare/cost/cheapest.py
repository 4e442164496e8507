"""The cheapest target at each rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, pairwise

from django_runtimes.compare.cost.analysis import CostAnalysis
from django_runtimes.compare.cost.bills.bill import Billed
from django_runtimes.compare.cost.bills.container_bill import AppRunnerBilling
from django_runtimes.compare.cost.prices.price import ZERO
from django_runtimes.compare.cost.usage.traffic import Traffic


@dataclass(frozen=True)
class CheapestRange:
    """The rates, above `start_rps` and up to `end_rps`, at which a target is the cheapest."""

    name: str
    start_rps: Decimal
    end_rps: Decimal


def eligible_targets(analysis: CostAnalysis) -> Sequence[Billed]:
    """Return the targets that a new customer can choose: all but App Runner, unless there are no others."""
    return [billed for billed in analysis.targets if not isinstance(billed, AppRunnerBilling)] or analysis.targets


def cheapest_ranges(analysis: CostAnalysis) -> tuple[CheapestRange, ...]:
    """Return the cheapest eligible target over all rates; the first one if several are equal."""
    targets = eligible_targets(analysis)
    # Between two neighbouring crossings the order of all bills stays the same.
    rates = [ZERO, *sorted({crossing.rate_rps for crossing in analysis.crossings} - {ZERO}), analysis.highest_rps]

    def cheapest(rate_rps: Decimal) -> str:
        traffic = Traffic.constant(rate_rps)
        return min(targets, key=lambda billed: billed.bill(traffic).usd).name

    found = [(cheapest((start + end) / 2), start, end) for start, end in pairwise(rates) if start < end]
    ranges = []
    for name, group in groupby(found, key=lambda each: each[0]):
        parts = list(group)
        ranges.append(CheapestRange(name, parts[0][1], parts[-1][2]))
    return tuple(ranges)
