"""The cheapest target at each rate, and the targets that are left out of this choice."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, pairwise

from django_runtimes.compare.cost.analysis import CostAnalysis
from django_runtimes.compare.cost.bills.bill import BilledTarget
from django_runtimes.compare.cost.bills.front_door import FrontDoor
from django_runtimes.compare.cost.bills.lambda_bill import LambdaBilling
from django_runtimes.compare.cost.bills.managed_bill import ManagedBilling
from django_runtimes.compare.cost.exclusion import excluded_text
from django_runtimes.compare.cost.prices.price import ZERO
from django_runtimes.compare.cost.usage.traffic import Traffic


@dataclass(frozen=True)
class CheapestRange:
    """The rates, above `start_rps` and up to `end_rps`, at which a target is the cheapest."""

    name: str
    start_rps: Decimal
    end_rps: Decimal


def eligible_targets(analysis: CostAnalysis) -> tuple[BilledTarget, ...]:
    """Return the first bill of each target that is not excluded."""
    return tuple(
        bills[0]
        for usage in analysis.usages
        if usage.name not in analysis.exclusions and (bills := analysis.bills_of(usage.name))
    )


def cheapest_of(targets: Sequence[BilledTarget], traffic: Traffic) -> tuple[BilledTarget, ...]:
    """Return the targets with the lowest bill, rounded to the cent; the lowest exact amount is first."""
    if not targets:
        return ()
    bills = [(billed, billed.bill(traffic)) for billed in targets]
    lowest = min(bill.rounded_usd for _, bill in bills)
    cheapest = [(billed, bill) for billed, bill in bills if bill.rounded_usd == lowest]
    return tuple(billed for billed, _ in sorted(cheapest, key=lambda each: each[1].usd))


def left_out(analysis: CostAnalysis) -> str:
    """Return the targets and the front doors that are never called the cheapest, each with its reason; "" if none."""
    unbilled = {
        name: (*analysis.exclusions.get(name, ()), "this model has no prices for it") for name in analysis.unbilled
    }
    targets = excluded_text({**analysis.exclusions, **unbilled})
    eligible = {billed.name for billed in eligible_targets(analysis)}
    excluded = {billed.name for name in analysis.exclusions for billed in analysis.bills_of(name)}
    others = [
        each
        for each in analysis.targets
        if isinstance(each, LambdaBilling | ManagedBilling) and each.name not in eligible | excluded
    ]
    fronts = excluded_text({f"{each.front.noun}s": (_front_reason(each.front),) for each in others})
    return ", ".join(filter(None, (targets, fronts)))


def _front_reason(front: FrontDoor) -> str:
    if front is FrontDoor.FUNCTION_URL:
        return "webapp deploy makes HTTP APIs"
    return "the function was measured at its URL"


def cheapest_ranges(analysis: CostAnalysis, among: Sequence[BilledTarget] | None = None) -> tuple[CheapestRange, ...]:
    """Return the cheapest of some or of all eligible targets over all rates; nothing if there are none."""
    targets = eligible_targets(analysis) if among is None else among
    if not targets:
        return ()
    # Between two neighbouring crossings the order of all bills stays the same.
    rates = [ZERO, *sorted({crossing.rate_rps for crossing in analysis.crossings} - {ZERO}), analysis.highest_rps]
    found = [
        (cheapest_of(targets, Traffic.constant((start + end) / 2))[0].name, start, end)
        for start, end in pairwise(rates)
        if start < end
    ]
    ranges = []
    for name, group in groupby(found, key=lambda each: each[0]):
        parts = list(group)
        ranges.append(CheapestRange(name, parts[0][1], parts[-1][2]))
    return tuple(ranges)
