"""The sentences of a recommendation: the choice or the trade-off, and the targets that miss the limits."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from django_runtimes.compare.recommendation.candidate import Candidate
from django_runtimes.compare.recommendation.recommendation import ChoiceReason, Recommendation, RecommendationKind

NO_WINNER = "An A/A pair differs, so this run names no winner."


def headline(recommendation: Recommendation) -> str:
    """Return the recommendation in one or two sentences."""
    match recommendation.kind:
        case RecommendationKind.NOTHING:
            return "No target was measured, so there is nothing to recommend."
        case RecommendationKind.WITHHELD:
            return f"{NO_WINNER} Repeat it on a machine that is less busy."
        case RecommendationKind.NONE_MEETS:
            return f"No target is shown to meet your limits: {_limits(recommendation)}."
        case RecommendationKind.CHOSEN:
            return _chosen(recommendation)
        case RecommendationKind.TRADE_OFF:
            return _trade_off(recommendation)


def reason_sentences(recommendation: Recommendation) -> Iterator[str]:
    """Yield a sentence for each target that misses the limits or cannot be recommended, and one on the traffic."""
    limits = recommendation.limits
    for candidate in recommendation.candidates:
        if candidate.misses:
            yield f"{candidate.name}: {', and '.join(candidate.misses)}."
        elif not candidate.is_open and any(each.is_open for each in recommendation.candidates):
            yield f"{candidate.name}: App Runner has been closed to new customers since 2026-04-30."
    if recommendation.kind is RecommendationKind.WITHHELD and limits.are_stated and recommendation.meeting:
        yield f"{_names(recommendation.meeting)} would meet your limits: {_limits(recommendation)}."
    if limits.requests_per_month is None and recommendation.kind is not RecommendationKind.NOTHING:
        yield (
            f"Monthly costs are at {limits.traffic.name}, {limits.traffic.requests:,.0f} requests per month, since no "
            "--requests-per-month was given. They exclude the database, which every target needs."
        )
    elif recommendation.kind is not RecommendationKind.NOTHING:
        yield (
            f"Monthly costs are at {limits.traffic.name}, {limits.traffic.mean_rps:,.3g}/s on average. They exclude "
            "the database, which every target needs."
        )
    if limits.max_p99_ms is not None and any(each.target.label == "emulated" for each in recommendation.candidates):
        yield "Each p99 is emulated on one machine. AWS's tails may be longer, so measure a deployed stage too."


def _limits(recommendation: Recommendation) -> str:
    return " and ".join(recommendation.limits.texts())


def _chosen(recommendation: Recommendation) -> str:
    chosen = recommendation.chosen
    figures = "; ".join(_figures(candidate, with_name=len(chosen) > 1) for candidate in chosen)
    return (
        f"Under your limits ({_limits(recommendation)}), choose {_names(chosen, 'or')}: {figures}. "
        f"{_reason(recommendation)}"
    )


def _reason(recommendation: Recommendation) -> str:
    chosen, meeting = recommendation.chosen, recommendation.meeting
    count = f"the {len(meeting)} targets that meet them"
    if recommendation.reason is ChoiceReason.ONLY:
        return "No other target meets them."
    if recommendation.reason is ChoiceReason.FASTEST:
        if len(recommendation.fastest) == 1:
            return f"It is the fastest of {count}."
        return f"Of {count}, none is shown to be faster{' or cheaper' if len(chosen) > 1 else ', and it is cheaper'}."
    if len(chosen) > 1:
        return f"Of {count}, they are the cheapest, and the run does not tell their speeds apart."
    if len(recommendation.cheapest) > 1:
        return f"It is the fastest of the {len(recommendation.cheapest)} cheapest among {count}."
    return f"It is the cheapest of {count}."


def _trade_off(recommendation: Recommendation) -> str:
    fastest, cheapest = recommendation.fastest, recommendation.cheapest
    opening = "You stated no limits, so this report names no winner."
    closing = "For a recommendation, state --max-p99-ms, --max-usd-per-month or both."
    if len(recommendation.meeting) < 2:
        return f"{opening} {closing}"
    traffic = recommendation.limits.traffic.name
    best = [candidate for candidate in fastest if candidate in cheapest]
    if best:
        verb = "is" if len(best) == 1 else "are"
        body = f"{_names(best)} {verb} both the fastest and the cheapest at {traffic}{_aside(recommendation)}"
        return f"{opening} {body} ({_figures(best[0])}). {closing}"
    parts = []
    if fastest:
        parts.append(f"Fastest: {_names(fastest)} ({_figures(fastest[0])}).")
    else:
        parts.append("There were too few blocks to compare the targets' speed.")
    if cheapest:
        parts.append(f"Cheapest at {traffic}{_aside(recommendation)}: {_names(cheapest)} ({_figures(cheapest[0])}).")
    return " ".join((opening, *parts, closing))


def _aside(recommendation: Recommendation) -> str:
    """Return a note if the table shows a lower price, of a service that new customers cannot choose."""
    lowest = recommendation.cheapest[0].usd
    closed = [each.usd for each in recommendation.candidates if not each.is_open and each.usd is not None]
    return " (App Runner left out)" if lowest is not None and any(usd < lowest for usd in closed) else ""


def _figures(candidate: Candidate, *, with_name: bool = False) -> str:
    parts = []
    medians = [
        f"{scenario.name}s {scenario.latency_ms.p50:,.3g} ms"
        for scenario in candidate.shown_scenarios
        if scenario.latency_ms.p50 is not None
    ]
    if medians:
        parts.append(f"median of {' and '.join(medians)}")
    if candidate.p99_ms is not None:
        parts.append(f"p99 {candidate.p99_ms:,.3g} ms")
    if candidate.usd is not None:
        parts.append(f"{_usd(candidate.usd)} per month")
    text = ", ".join(parts)
    return f"{candidate.name} with {text}" if with_name else text


def _usd(usd: Decimal) -> str:
    return f"{usd:,.2f} USD"


def _names(candidates: Sequence[Candidate], conjunction: str = "and") -> str:
    *others, last = (candidate.name for candidate in candidates)
    return f"{', '.join(others)} {conjunction} {last}" if others else last
