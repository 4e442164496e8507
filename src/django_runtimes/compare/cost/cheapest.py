"""The cheapest target at each rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, pairwise

from django_runtimes.compare.cost.analysis import CostAnalysis
from django_runtimes.compare.cost.bills.bill import Billed
from django_runtimes.compare.cost.bills.container_bill import AppRunnerBilling
from django_runtimes.compare.cost.bills.lambda_bill import LambdaBilling
from django_runtimes.compare.cost.prices.price import ZERO
from django_runtimes.compare.cost.usage.traffic import Traffic

APP_RUNNER_NOUN = "App Runner"


@dataclass(frozen=True)
class CheapestRange:
    """The rates, above `start_rps` and up to `end_rps`, at which a target is the cheapest."""

    name: str
    start_rps: Decimal
    end_rps: Decimal


def eligible_targets(analysis: CostAnalysis) -> Sequence[Billed]:
    """Return the targets that a new customer can choose, with the front door that `webapp deploy` makes by default.

    These are all but App Runner, unless there are no others.
    """
    defaults = analysis.default_targets
    return [billed for billed in defaults if not isinstance(billed, AppRunnerBilling)] or defaults


def left_out(analysis: CostAnalysis) -> tuple[str, ...]:
    """Return the nouns of the bills that are not eligible, for an aside."""
    eligible = {billed.name for billed in eligible_targets(analysis)}
    others = [billed for billed in analysis.targets if billed.name not in eligible]
    fronts = dict.fromkeys(f"{each.front.noun}s" for each in others if isinstance(each, LambdaBilling))
    closed = [APP_RUNNER_NOUN] if any(isinstance(each, AppRunnerBilling) for each in others) else []
    return (*closed, *fronts)


def cheapest_ranges(analysis: CostAnalysis, among: Sequence[Billed] = ()) -> tuple[CheapestRange, ...]:
    """Return the cheapest of some or of all eligible targets over all rates; the first one if several are equal."""
    targets = among or eligible_targets(analysis)
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
