"""The first screen of a report: the recommendation, a sentence per target, and when to decide again."""

from dataclasses import dataclass

from django_runtimes.compare.analysis.summary import Summary
from django_runtimes.compare.cost.analysis import CostAnalysis
from django_runtimes.compare.cost.cost_sentences import setup_sentences
from django_runtimes.compare.recommendation.candidate import candidates_of
from django_runtimes.compare.recommendation.conditions import condition_sentences
from django_runtimes.compare.recommendation.recommendation import Recommendation, recommend
from django_runtimes.compare.recommendation.recommendation_sentences import answer_lines, reason_sentences
from django_runtimes.compare.recommendation.stated_limits import StatedLimits
from django_runtimes.compare.record.results import Run
from django_runtimes.compare.report.overview.qualifications import qualified
from django_runtimes.compare.report.overview.target_sentences import target_sentences
from django_runtimes.compare.report.plots.cost_speed import cost_speed_plot
from django_runtimes.compare.report.plots.plot import Plot
from django_runtimes.compare.report.sentences import claim_sentences


@dataclass(frozen=True)
class ReportSummary:
    """A report in a minute: `answer` has at most three lines, between the interruption and the failures of the run.

    `targets` has each target's name with the rest of its sentence.
    """

    recommendation: Recommendation
    answer: tuple[str, ...]
    reasons: tuple[str, ...]
    targets: tuple[tuple[str, str], ...]
    conditions: tuple[str, ...]
    unsupported: tuple[str, ...]
    # The choices that the bills contain.
    setups: tuple[str, ...]
    plot: Plot | None


def report_summary(run: Run, summary: Summary, analysis: CostAnalysis | None) -> ReportSummary:
    """Return the summary of a run; `analysis` is None if nothing can be billed."""
    limits = StatedLimits.of_environment(run.environment)
    recommendation = recommend(run, summary, candidates_of(run, limits, analysis), limits)
    return ReportSummary(
        recommendation=recommendation,
        answer=qualified(answer_lines(recommendation), run),
        reasons=tuple(reason_sentences(recommendation)),
        targets=tuple(target_sentences(run, summary, recommendation)),
        conditions=tuple(condition_sentences(recommendation, analysis)),
        unsupported=tuple(claim_sentences(run)),
        setups=() if analysis is None else tuple(setup_sentences(analysis)),
        plot=cost_speed_plot(recommendation),
    )
