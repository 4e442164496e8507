"""Chooses a target under the stated limits, or describes the trade-off without choosing."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django_runtimes.compare.analysis.summary import Summary
from django_runtimes.compare.cost.cheapest import cheapest_of
from django_runtimes.compare.recommendation.candidate import Candidate
from django_runtimes.compare.recommendation.fastest import fastest_of
from django_runtimes.compare.recommendation.stated_limits import StatedLimits
from django_runtimes.compare.recommendation.withheld import withheld_lines
from django_runtimes.compare.record.results import Run


class RecommendationKind(StrEnum):
    """The form that a recommendation takes."""

    CHOSEN = "chosen"
    NONE_MEETS = "no target meets the limits"
    # Without limits nothing says how much speed is worth.
    TRADE_OFF = "trade-off"
    # An A/A pair differs or could not be judged, so no difference of this run can be trusted.
    WITHHELD = "withheld"
    NOTHING = "nothing was measured"


class ChoiceReason(StrEnum):
    """Why a target was chosen among those that meet the limits."""

    CHEAPEST = "cheapest"
    FASTEST = "fastest"
    ONLY = "only one"


@dataclass(frozen=True)
class Recommendation:
    """The chosen targets, several only if neither price nor speed tells them apart.

    `fastest` and `cheapest` are those of the targets that can be recommended; `fastest` is empty if there were too few
    blocks to compare their speed. `withheld` has the lines that explain why no winner is named.
    """

    kind: RecommendationKind
    limits: StatedLimits
    candidates: tuple[Candidate, ...]
    chosen: tuple[Candidate, ...] = ()
    reason: ChoiceReason | None = None
    meeting: tuple[Candidate, ...] = ()
    fastest: tuple[Candidate, ...] = ()
    cheapest: tuple[Candidate, ...] = ()
    withheld: tuple[str, ...] = ()


def recommend(run: Run, summary: Summary, candidates: Sequence[Candidate], limits: StatedLimits) -> Recommendation:
    """Return the recommendation for a run's candidates."""
    everyone = tuple(candidates)
    if not everyone:
        return Recommendation(RecommendationKind.NOTHING, limits, everyone)
    meeting = tuple(candidate for candidate in everyone if not candidate.exclusions and not candidate.misses)
    if summary.pair_problem is not None:
        lines = withheld_lines(run, summary.pair_problem)
        return Recommendation(RecommendationKind.WITHHELD, limits, everyone, meeting=meeting, withheld=lines)
    fastest, cheapest = fastest_of(meeting), _cheapest(meeting)
    if not limits.are_stated:
        return Recommendation(
            RecommendationKind.TRADE_OFF, limits, everyone, meeting=meeting, fastest=fastest, cheapest=cheapest
        )
    if not meeting:
        return Recommendation(RecommendationKind.NONE_MEETS, limits, everyone)
    chosen, reason = _choice(limits, meeting, fastest, cheapest)
    return Recommendation(
        RecommendationKind.CHOSEN, limits, everyone, chosen, reason, meeting, fastest=fastest, cheapest=cheapest
    )


def _choice(
    limits: StatedLimits, meeting: Sequence[Candidate], fastest: Sequence[Candidate], cheapest: Sequence[Candidate]
) -> tuple[tuple[Candidate, ...], ChoiceReason]:
    """Return the cheapest target that is fast enough, or without a limit of the p99 the fastest that is affordable."""
    if len(meeting) == 1:
        return tuple(meeting), ChoiceReason.ONLY
    if fastest and (limits.max_p99_ms is None or not cheapest):
        return _cheapest(fastest) or tuple(fastest), ChoiceReason.FASTEST
    return fastest_of(cheapest) or tuple(cheapest) or tuple(meeting), ChoiceReason.CHEAPEST


def _cheapest(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return the candidates with the lowest bill; those without a bill are left out."""
    billed = [candidate.billed for candidate in candidates if candidate.billed is not None]
    cheapest = cheapest_of(billed, candidates[0].traffic) if candidates else ()
    return tuple(candidate for candidate in candidates if candidate.billed in cheapest)
