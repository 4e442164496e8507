"""The sentences of a recommendation: the choice or the trade-off, and the targets that miss the limits."""

from collections.abc import Iterator, Sequence

from django_runtimes.compare.layout.figures import milliseconds
from django_runtimes.compare.recommendation.candidate import Candidate
from django_runtimes.compare.recommendation.fastest import fastest_of
from django_runtimes.compare.recommendation.recommendation import ChoiceReason, Recommendation, RecommendationKind


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
        if candidate.misses:
            yield f"{candidate.name}: {', and '.join(candidate.misses)}."
        elif not candidate.is_open and any(each.is_open for each in recommendation.candidates):
            yield f"{candidate.name}: App Runner has been closed to new customers since 2026-04-30."
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
    if limits.max_p99_ms is not None and any(each.target.label == "emulated" for each in recommendation.candidates):
        yield "Each p99 is emulated on one machine. AWS's tails may be longer, so measure a deployed stage too."


def _limits(recommendation: Recommendation) -> str:
    return " and ".join(recommendation.limits.texts())


def _chosen(recommendation: Recommendation) -> tuple[str, ...]:
    chosen = recommendation.chosen
    figures = "; ".join(_figures(candidate, with_name=len(chosen) > 1) for candidate in chosen)
    return (
        f"Choose {_names(chosen, 'or')}: {figures}.",
        f"{_reason(recommendation)}: {_limits(recommendation)}.",
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
        return (closing,)
    traffic = recommendation.limits.traffic.name
    best = [candidate for candidate in fastest if candidate in cheapest]
    if best:
        aside = _aside(is_needed=_is_closed_fast(recommendation) or _is_closed_cheaper(recommendation))
        return (f"Fastest and cheapest at {traffic}{aside}: {_names(best)}, with {_figures(best[0])}.", closing)
    lines = []
    if fastest:
        aside = _aside(is_needed=_is_closed_fast(recommendation))
        lines.append(f"Fastest{aside}: {_names(fastest)}, with {_figures(fastest[0])}.")
    else:
        lines.append("There were too few blocks to compare the targets' speed.")
    if cheapest:
        aside = _aside(is_needed=_is_closed_cheaper(recommendation))
        lines.append(f"Cheapest at {traffic}{aside}: {_names(cheapest)}, with {_figures(cheapest[0])}.")
    return (*lines, closing)


def _aside(*, is_needed: bool) -> str:
    return " (App Runner left out)" if is_needed else ""


def _is_closed_cheaper(recommendation: Recommendation) -> bool:
    """Whether the table shows a lower price, of a service that new customers cannot choose."""
    lowest = recommendation.cheapest[0].usd
    closed = [each.usd for each in recommendation.candidates if not each.is_open and each.usd is not None]
    return lowest is not None and any(usd < lowest for usd in closed)


def _is_closed_fast(recommendation: Recommendation) -> bool:
    """Whether a service that new customers cannot choose would be among the fastest."""
    closed = [each for each in recommendation.candidates if not each.is_open and each not in recommendation.meeting]
    measured = [each for each in closed if not each.misses]
    return any(each in measured for each in fastest_of([*recommendation.meeting, *measured]))


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
    if candidate.usd is not None:
        parts.append(f"{candidate.usd_text} USD per month {candidate.brief_setup}")
    text = ", ".join(parts)
    return f"{candidate.name} with {text}" if with_name else text


def _names(candidates: Sequence[Candidate], conjunction: str = "and") -> str:
    *others, last = (candidate.name for candidate in candidates)
    return f"{', '.join(others)} {conjunction} {last}" if others else last
