"""The sentences of a recommendation: the choice or the trade-off, and the targets that miss the limits."""

from collections.abc import Iterator, Sequence

from django_runtimes.compare.cost.bills.managed_bill import ManagedBilling
from django_runtimes.compare.cost.exclusion import excluded_text
from django_runtimes.compare.layout.figures import milliseconds
from django_runtimes.compare.recommendation.candidate import Candidate
from django_runtimes.compare.recommendation.recommendation import ChoiceReason, Recommendation, RecommendationKind

# The answers that name each target that is left out, with its reason.
_NAMES_LEFT_OUT = (RecommendationKind.CHOSEN, RecommendationKind.TRADE_OFF)


def answer_lines(recommendation: Recommendation) -> tuple[str, ...]:
    """Return the recommendation in at most three lines, the answer first."""
    match recommendation.kind:
        case RecommendationKind.NOTHING:
            return ("No target was measured, so there is nothing to recommend.",)
        case RecommendationKind.WITHHELD:
            return recommendation.withheld
        case RecommendationKind.NONE_MEETS:
            return (f"No target is shown to meet your limits: {_limits(recommendation)}.",)
        case RecommendationKind.CHOSEN:
            return _chosen(recommendation)
        case RecommendationKind.TRADE_OFF:
            return _trade_off(recommendation)


def reason_sentences(recommendation: Recommendation) -> Iterator[str]:
    """Yield a sentence for each target that misses the limits or cannot be recommended, and one on the traffic."""
    limits = recommendation.limits
    for candidate in recommendation.candidates:
        exclusions = () if recommendation.kind in _NAMES_LEFT_OUT else candidate.exclusions
        if reasons := (*exclusions, *candidate.misses):
            yield f"{candidate.name}: {', and '.join(reasons)}."
    if recommendation.kind is RecommendationKind.WITHHELD and limits.are_stated and recommendation.meeting:
        yield f"{_names(recommendation.meeting)} would meet your limits: {_limits(recommendation)}."
    if limits.requests_per_month is None and recommendation.kind is not RecommendationKind.NOTHING:
        yield (
            f"Costs are at {limits.traffic.name}, {limits.traffic.requests:,.0f} requests per month "
            "(--requests-per-month sets yours), without the database, which every target needs."
        )
    elif recommendation.kind is not RecommendationKind.NOTHING:
        yield (
            f"Costs are at {limits.traffic.name}, {limits.traffic.mean_rps:,.3g}/s on average, without the database, "
            "which every target needs."
        )
    networked = [each for each in recommendation.candidates if isinstance(each.billed, ManagedBilling)]
    if networked:
        yield f"The costs of {_names(networked)} leave out the NAT gateway or endpoints that Managed Instances need."
    unjudged = dict.fromkeys(load for each in recommendation.candidates for load in each.unjudged_loads)
    if unjudged:
        yield (
            "The limit of the p99 is judged at the highest load of each scenario. Lower loads have too few samples for "
            f"it ({'; '.join(unjudged)}); a longer --budget measures more."
        )
    if limits.max_p99_ms is not None and any(each.target.label == "emulated" for each in recommendation.candidates):
        yield "Each p99 is emulated on one machine. AWS's tails may be longer, so measure a deployed stage too."


def _limits(recommendation: Recommendation) -> str:
    return " and ".join(recommendation.limits.texts())


def _chosen(recommendation: Recommendation) -> tuple[str, ...]:
    chosen = recommendation.chosen
    figures = "; ".join(_figures(candidate, with_name=len(chosen) > 1) for candidate in chosen)
    return (
        f"Choose {_names(chosen, 'or')}: {figures}.",
        f"{_reason(recommendation)}: {_limits(recommendation)}.{_left_out(recommendation)}",
    )


def _reason(recommendation: Recommendation) -> str:
    chosen, meeting = recommendation.chosen, recommendation.meeting
    count = f"the {len(meeting)} targets that meet your limits"
    if recommendation.reason is ChoiceReason.ONLY:
        return "No other target meets your limits"
    if recommendation.reason is ChoiceReason.FASTEST:
        if len(recommendation.fastest) == 1:
            return f"It is the fastest of {count}"
        cheaper = " or cheaper" if len(chosen) > 1 else ", and it is cheaper"
        return f"None is shown to be faster{cheaper}, of {count}"
    if len(chosen) > 1:
        return f"They are the cheapest, and the run does not tell their speeds apart, of {count}"
    if len(recommendation.cheapest) > 1:
        return f"It is the fastest of the {len(recommendation.cheapest)} cheapest among {count}"
    return f"It is the cheapest of {count}"


def _trade_off(recommendation: Recommendation) -> tuple[str, ...]:
    fastest, cheapest = recommendation.fastest, recommendation.cheapest
    closing = (
        "You stated no limits, so this report recommends no target: state --max-p99-ms, --max-usd-per-month or both."
    )
    if len(recommendation.meeting) < 2:
        return (f"{closing}{_left_out(recommendation)}",)
    traffic = recommendation.limits.traffic.name
    best = [candidate for candidate in fastest if candidate in cheapest]
    omitted = _left_out(recommendation)
    if best:
        what = f"Fastest and cheapest at {traffic}"
        if len(fastest) > 1:
            what = f"Cheapest at {traffic}, and no target is shown to be faster"
        return (f"{what}: {_listed(best, 'cost the same')}.{omitted}", closing)
    lines = []
    if fastest:
        lines.append(f"Fastest: {_listed(fastest, 'are not shown to differ')}.")
    else:
        lines.append("There were too few blocks to compare the targets' speed.")
    if cheapest:
        lines.append(f"Cheapest at {traffic}: {_listed(cheapest, 'cost the same')}.")
    return (*lines[:-1], f"{lines[-1]}{omitted}", closing)


def _listed(candidates: Sequence[Candidate], tie: str) -> str:
    """Return the names with the figures of the first one; `tie` says what several have in common."""
    first = candidates[0]
    if len(candidates) == 1:
        return f"{first.name}, with {_figures(first)}"
    return f"{_names(candidates)}, which {tie}; {_figures(first, with_name=True)}"


def _left_out(recommendation: Recommendation) -> str:
    """Return a sentence on the targets that are not chosen at any speed and price, with the reasons; "" if none."""
    excluded = {each.name: each.exclusions for each in recommendation.candidates if each.exclusions}
    return f" Left out: {excluded_text(excluded)}." if excluded else ""


def _medians_ms(candidate: Candidate) -> dict[str, float]:
    return {
        scenario.name: scenario.latency_ms.p50
        for scenario in candidate.shown_scenarios
        if scenario.latency_ms.p50 is not None
    }


def _figures(candidate: Candidate, *, with_name: bool = False) -> str:
    parts = []
    if medians_ms := _medians_ms(candidate):
        listed = " and ".join(f"{name}s in {milliseconds(p50_ms)} ms" for name, p50_ms in medians_ms.items())
        parts.append(f"{listed} ({candidate.target.label} medians)")
    if candidate.p99_ms is not None:
        parts.append(f"p99 {milliseconds(candidate.p99_ms)} ms")
    elif candidate.p99_bound_ms is not None:
        parts.append(f"p99 at most {milliseconds(candidate.p99_bound_ms)} ms")
    if candidate.usd is not None:
        parts.append(f"{candidate.usd_text} USD per month {candidate.brief_setup}")
    text = ", ".join(parts)
    return f"{candidate.name} with {text}" if with_name else text


def _names(candidates: Sequence[Candidate], conjunction: str = "and") -> str:
    *others, last = (candidate.name for candidate in candidates)
    return f"{', '.join(others)} {conjunction} {last}" if others else last
