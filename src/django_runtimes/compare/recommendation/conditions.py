"""The conditions under which to decide again: other traffic, another code, measured values in place of assumed ones."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from django_runtimes.compare.cost.analysis import CostAnalysis
from django_runtimes.compare.cost.bills.bill import Billed
from django_runtimes.compare.cost.cheapest import (
    CheapestRange,
    cheapest_ranges,
    eligible_targets,
    left_out,
)
from django_runtimes.compare.cost.cost_tables import rate_text
from django_runtimes.compare.cost.crossing import linear_pieces
from django_runtimes.compare.cost.usage.measured_usage import TargetUsage
from django_runtimes.compare.cost.usage.usage_key import MANAGED
from django_runtimes.compare.recommendation.recommendation import Recommendation, RecommendationKind


def condition_sentences(recommendation: Recommendation, analysis: CostAnalysis | None) -> Iterator[str]:
    """Yield each condition under which the decision may change."""
    if recommendation.kind is RecommendationKind.NOTHING:
        return
    if analysis is not None:
        yield _traffic_sentence(recommendation, analysis)
        yield from _budget_sentences(recommendation, analysis)
        yield from _assumption_sentences(analysis)
    yield (
        "After a change of the code, its packages or the data that changes how long requests take: run webapp compare "
        "again, with --rates-from and this run.json."
    )
    if all(candidate.target.label == "emulated" for candidate in recommendation.candidates):
        yield "Before production: measure the chosen target on AWS, since these figures were emulated."
    if analysis is not None:
        newest = max(price.checked for price in analysis.prices)
        yield f"When AWS changes a price: the newest price here is of {newest.isoformat()}."


def rate_above(billed: Billed, max_usd: Decimal, up_to_rps: Decimal) -> Decimal | None:
    """Return the constant rate above which a bill exceeds an amount; None if it does not up to `up_to_rps`."""
    for piece in linear_pieces(billed, up_to_rps):
        if piece.start_usd > max_usd:
            return piece.start
        if piece.end_usd > max_usd:
            share = (max_usd - piece.start_usd) / (piece.end_usd - piece.start_usd)
            return piece.start + (piece.end - piece.start) * share
    return None


def _traffic_sentence(recommendation: Recommendation, analysis: CostAnalysis) -> str:
    traffic = recommendation.limits.traffic
    slow = {each.billed.name for each in recommendation.candidates if each.is_slow and each.billed is not None}
    ranges = cheapest_ranges(analysis, [billed for billed in eligible_targets(analysis) if billed.name not in slow])
    if not ranges:
        return "When the traffic changes: no target can be called the cheapest now."
    aside = " that meets your limit of the p99" if recommendation.limits.max_p99_ms is not None else ""
    omitted = left_out(analysis)
    closing = f" Left out: {omitted}." if omitted else ""
    rate_rps = min(traffic.mean_rps, analysis.highest_rps)
    index = next((index for index, each in enumerate(ranges) if rate_rps <= each.end_rps), len(ranges) - 1)
    here = ranges[index]
    opening = (
        f"When the traffic changes: at {rate_text(rate_rps)} the cheapest target{aside} is {analysis.marked(here.name)}"
    )
    neighbours = _neighbours(analysis, ranges, index)
    if not neighbours:
        return f"{opening}, as at every rate up to {rate_text(analysis.highest_rps)}.{closing}"
    return f"{opening}; {'; '.join(neighbours)}.{closing}"


def _neighbours(analysis: CostAnalysis, ranges: Sequence[CheapestRange], index: int) -> list[str]:
    here = ranges[index]
    texts = []
    if index > 0:
        texts.append(f"below {rate_text(here.start_rps)} it is {analysis.marked(ranges[index - 1].name)}")
    if index + 1 < len(ranges):
        texts.append(f"above {rate_text(here.end_rps)} it is {analysis.marked(ranges[index + 1].name)}")
    return texts


def _budget_sentences(recommendation: Recommendation, analysis: CostAnalysis) -> Iterator[str]:
    max_usd = recommendation.limits.max_usd
    if max_usd is None:
        return
    for candidate in recommendation.chosen:
        if candidate.billed is None:
            continue
        rate_rps = rate_above(candidate.billed, max_usd, analysis.highest_rps)
        if rate_rps is not None:
            mark = "" if candidate.bill is None else candidate.bill.mark
            yield f"Above {rate_text(rate_rps)}, {candidate.name}{mark} costs more than {max_usd:,f} USD per month."


def _assumption_sentences(analysis: CostAnalysis) -> Iterator[str]:
    assumed = [usage for usage in analysis.usages if usage.assumes("capacity_rps")]
    if assumed:
        values = ", ".join(dict.fromkeys(f"{usage.usage.capacity_rps.normalize():f}" for usage in assumed))
        yield (
            f"Once the capacity of {_scaled(assumed)} is measured (webapp compare without --rate and --rates-from): "
            f"{values} requests/s is assumed, and the number of tasks or instances, and every crossing with them, "
            "depend on it."
        )
    measured = [usage for usage in analysis.usages if usage.needs("capacity_rps") and "capacity_rps" in usage.bases]
    if measured:
        yield (
            f"Once the capacity of {_scaled(measured)} is measured on AWS (--set capacity_rps=…): here it is of "
            "another CPU, and the number of tasks or instances, and every crossing with them, depend on it."
        )


def _scaled(usages: Sequence[TargetUsage]) -> str:
    """Return what has the capacity of these targets: a task, an execution environment, or both."""
    return " and of ".join(
        dict.fromkeys("an execution environment" if usage.runtime in MANAGED else "a task" for usage in usages)
    )
