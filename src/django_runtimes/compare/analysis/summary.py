"""Summarizes a run: each target's ratio to the reference, with its uncertainty."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from django_runtimes.compare.analysis.percentile_ratio import paired_percentile_ratio
from django_runtimes.compare.analysis.ratio import Ratio, paired_blocks, paired_ratios, ratio_of
from django_runtimes.compare.load.histogram import P99_SAMPLES, LatencyHistogram
from django_runtimes.compare.record.results import Run, ScenarioResult, TargetResult

# From this budget on there is time for three loads, and each p99 with enough samples is compared.
THOROUGH_BUDGET_S = 600.0
# The chance that a run without any difference shows one anywhere; it is divided among the ratios.
FALSE_DIFFERENCE = 0.05
# An A/A pair that differs by chance withholds every verdict, so this may happen in at most one run out of a hundred.
_FALSE_PAIR_DIFFERENCE = 0.01
# Latencies include only expected answers. If many requests failed, the answered ones are a biased sample, and calling
# their target faster would be wrong.
MIN_OK_SHARE = 0.99


class RatioVerdict(StrEnum):
    """The verdict on a target compared with the reference."""

    REFERENCE = "reference"
    FASTER = "faster"
    SLOWER = "slower"
    NO_DIFFERENCE = "no difference"
    UNDECIDED = "undecided"
    SAME = "A/A pair"
    # A ratio would need more bursts than a run can afford.
    NOT_COMPARED = "not compared"
    TOO_FEW_BLOCKS = "too few blocks"
    TOO_MANY_ERRORS = "too many errors"
    WITHHELD = "withheld"


class PairProblem(StrEnum):
    """Why an A/A pair does not support the verdicts of its run."""

    DIFFERS = "differs"
    UNJUDGED = "could not be judged, since too few of its blocks are valid"


@dataclass(frozen=True)
class SummaryRow:
    """A scenario of a target; `ratio` is None if the scenario cannot be compared with the reference's.

    `ratio` and `verdict` compare medians. `p99_verdict` is None if the run does not compare the scenario's p99.
    """

    target: TargetResult
    scenario: ScenarioResult
    ratio: Ratio | None
    verdict: RatioVerdict
    p99_ratio: Ratio | None = None
    p99_verdict: RatioVerdict | None = None


@dataclass(frozen=True)
class Pair:
    """Two targets that start the same process (A/A); `ratio` is None if there are too few blocks."""

    first: str
    second: str
    ratio: Ratio | None

    @property
    def differs(self) -> bool:
        """Whether the run found a difference between identical targets, so that it cannot name a winner."""
        return self.ratio is not None and self.ratio.excludes_one

    @property
    def is_judged(self) -> bool:
        """Whether there were enough blocks to see whether identical targets differ."""
        return self.ratio is not None


@dataclass(frozen=True)
class Summary:
    """The rows of a run, by scenario; the reference is the first measured target.

    Figures of this machine and of another one are not comparable, so a second label has a reference of its own.
    """

    reference: str | None
    rows: tuple[SummaryRow, ...]
    pairs: tuple[Pair, ...]
    virtual_users: int = 0
    other_reference: str | None = None

    @property
    def names_no_winner(self) -> bool:
        """Whether verdicts are withheld because an A/A pair differs or could not be judged."""
        return self.pair_problem is not None

    @property
    def pair_problem(self) -> PairProblem | None:
        """The reason why the A/A pairs support no verdict; None if they all agree, or if there is none."""
        if any(pair.differs for pair in self.pairs):
            return PairProblem.DIFFERS
        return None if all(pair.is_judged for pair in self.pairs) else PairProblem.UNJUDGED


def summarize(run: Run) -> Summary:
    """Compare every measured target with its label's reference; the same run always gives the same summary.

    `environment["aa_pairs"]` lists the pairs of targets that start the same process.
    """
    measured = {target.name: target for target in run.targets if target.status == "measured"}
    if not measured:
        return Summary(reference=None, rows=(), pairs=())
    names = [
        (first, second)
        for first, second in run.environment.get("aa_pairs", ())
        if first in measured and second in measured
    ]
    references = {target.label: target for target in reversed(measured.values())}
    first, *others = (target.name for target in measured.values() if target is references[target.label])
    keys = dict.fromkeys(_key(scenario) for target in measured.values() for scenario in target.scenarios)
    compared = [
        (target, scenario)
        for key in keys
        for target in measured.values()
        if (scenario := _scenario(target, key)) is not None
    ]
    steady = [
        (scenario, _scenario(references[target.label], _key(scenario)))
        for target, scenario in compared
        if target is not references[target.label] and scenario.rate_rps is not None
    ]
    with_p99 = [scenario for scenario, base in steady if compares_p99(run, scenario, base)]
    tail = FALSE_DIFFERENCE / max(1, len(steady) + len(with_p99))
    pair_confidence = 1 - min(tail, _FALSE_PAIR_DIFFERENCE)
    pairs = tuple(
        Pair(first, second, _pooled_ratio(measured[first], measured[second], pair_confidence))
        for first, second in names
    )
    rows = tuple(
        _row(
            target,
            scenario,
            references[target.label],
            pairs,
            1 - tail,
            has_p99=any(scenario is each for each in with_p99),
        )
        for target, scenario in compared
    )
    return Summary(first, rows, pairs, run.environment.get("virtual_users", 0), next(iter(others), None))


def compares_p99(run: Run, scenario: ScenarioResult, base: ScenarioResult | None) -> bool:
    """Return whether a run had the time for a p99, and both scenarios have enough samples for it."""
    plan = run.environment.get("plan")
    budget_s = plan.get("budget_s") if isinstance(plan, Mapping) else None
    return (
        budget_s is not None
        and budget_s >= THOROUGH_BUDGET_S
        and base is not None
        and min(scenario.latency_ms.n, base.latency_ms.n) >= P99_SAMPLES
    )


def _key(scenario: ScenarioResult) -> tuple[str, float | None]:
    return scenario.name, scenario.rate_rps


def _scenario(target: TargetResult, key: tuple[str, float | None]) -> ScenarioResult | None:
    return next((scenario for scenario in target.scenarios if _key(scenario) == key), None)


def _row(
    target: TargetResult,
    scenario: ScenarioResult,
    reference: TargetResult,
    pairs: Sequence[Pair],
    confidence: float,
    *,
    has_p99: bool,
) -> SummaryRow:
    if target is reference:
        return SummaryRow(target, scenario, None, RatioVerdict.REFERENCE)
    if scenario.rate_rps is None:
        return SummaryRow(target, scenario, None, RatioVerdict.NOT_COMPARED)
    base = _scenario(reference, _key(scenario))
    ratio = None if base is None else ratio_of(paired_ratios(scenario.blocks, base.blocks), confidence=confidence)
    if any({pair.first, pair.second} == {target.name, reference.name} for pair in pairs):
        return SummaryRow(target, scenario, ratio, RatioVerdict.SAME)
    p99_ratio = _p99_ratio(scenario, base, confidence) if has_p99 and base is not None else None
    verdict, p99_verdict = ratio_verdict(scenario, base, ratio), ratio_verdict(scenario, base, p99_ratio)
    if any(pair.differs for pair in pairs):
        verdict = p99_verdict = RatioVerdict.WITHHELD
    elif not all(pair.is_judged for pair in pairs):
        verdict, p99_verdict = (_unless_compared(each) for each in (verdict, p99_verdict))
    return SummaryRow(target, scenario, ratio, verdict, p99_ratio, p99_verdict if has_p99 else None)


def _unless_compared(verdict: RatioVerdict) -> RatioVerdict:
    """Return a verdict without a comparison as it is, and withhold any other."""
    without = (RatioVerdict.TOO_FEW_BLOCKS, RatioVerdict.TOO_MANY_ERRORS)
    return verdict if verdict in without else RatioVerdict.WITHHELD


def _p99_ratio(scenario: ScenarioResult, base: ScenarioResult, confidence: float) -> Ratio | None:
    pairs = tuple((own.histogram, other.histogram) for own, other in paired_blocks(scenario.blocks, base.blocks))
    return _p99_ratio_of(pairs, confidence)


# Every format of a report needs the same ratios.
@lru_cache(maxsize=256)
def _p99_ratio_of(pairs: tuple[tuple[str, str], ...], confidence: float) -> Ratio | None:
    own, other = ([LatencyHistogram.decoded(pair[side]) for pair in pairs] for side in (0, 1))
    return paired_percentile_ratio(own, other, 0.99, confidence=confidence)


def ratio_verdict(scenario: ScenarioResult, base: ScenarioResult | None, ratio: Ratio | None) -> RatioVerdict:
    """Return the verdict on a scenario with this ratio to another scenario."""
    if any(each is not None and each.ok < MIN_OK_SHARE * each.sent for each in (scenario, base)):
        return RatioVerdict.TOO_MANY_ERRORS
    if ratio is None:
        return RatioVerdict.TOO_FEW_BLOCKS
    if ratio.excludes_one:
        return RatioVerdict.FASTER if ratio.estimate < 1 else RatioVerdict.SLOWER
    return RatioVerdict.NO_DIFFERENCE if ratio.is_near_one else RatioVerdict.UNDECIDED


def _pooled_ratio(first: TargetResult, second: TargetResult, confidence: float) -> Ratio | None:
    """Return the ratio over all steady scenarios together, since the two targets are the same in all of them."""
    ratios: list[float] = []
    for scenario in second.scenarios:
        base = _scenario(first, _key(scenario))
        if scenario.rate_rps is not None and base is not None:
            ratios += paired_ratios(scenario.blocks, base.blocks)
    return ratio_of(ratios, confidence=confidence)
