"""Summarizes a run: each target's ratio to the reference, with its uncertainty."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django_runtimes.compare.analysis.ratio import Ratio, paired_ratios, ratio_of
from django_runtimes.compare.run.results import Run, ScenarioResult, TargetResult

# The chance that a run without any difference shows one anywhere; it is divided among the ratios.
_FALSE_DIFFERENCE = 0.05
# An A/A pair that differs by chance withholds every verdict, so this may happen in at most one run out of a hundred.
_FALSE_PAIR_DIFFERENCE = 0.01
# Latencies include only expected answers. If many requests failed, the answered ones are a biased sample, and calling
# their target faster would be wrong.
_MIN_OK_SHARE = 0.99


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


@dataclass(frozen=True)
class SummaryRow:
    """A scenario of a target; `ratio` is None if the scenario cannot be compared with the reference's."""

    target: TargetResult
    scenario: ScenarioResult
    ratio: Ratio | None
    verdict: RatioVerdict


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


@dataclass(frozen=True)
class Summary:
    """The rows of a run, by scenario; the reference is the first measured target."""

    reference: str | None
    rows: tuple[SummaryRow, ...]
    pairs: tuple[Pair, ...]
    virtual_users: int = 0

    @property
    def names_no_winner(self) -> bool:
        """Whether verdicts are withheld because an A/A pair differs."""
        return any(pair.differs for pair in self.pairs)


def summarize(run: Run) -> Summary:
    """Compare every measured target with the reference; the same run always gives the same summary.

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
    reference = next(iter(measured.values()))
    keys = dict.fromkeys(_key(scenario) for target in measured.values() for scenario in target.scenarios)
    compared = [
        (target, scenario)
        for key in keys
        for target in measured.values()
        if (scenario := _scenario(target, key)) is not None
    ]
    steady = [scenario for target, scenario in compared if target is not reference and scenario.rate_rps is not None]
    tail = _FALSE_DIFFERENCE / max(1, len(steady))
    pair_confidence = 1 - min(tail, _FALSE_PAIR_DIFFERENCE)
    pairs = tuple(
        Pair(first, second, _pooled_ratio(measured[first], measured[second], pair_confidence))
        for first, second in names
    )
    rows = tuple(_row(target, scenario, reference, pairs, 1 - tail) for target, scenario in compared)
    return Summary(reference.name, rows, pairs, run.environment.get("virtual_users", 0))


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
) -> SummaryRow:
    if target is reference:
        return SummaryRow(target, scenario, None, RatioVerdict.REFERENCE)
    if scenario.rate_rps is None:
        return SummaryRow(target, scenario, None, RatioVerdict.NOT_COMPARED)
    base = _scenario(reference, _key(scenario))
    ratio = None if base is None else ratio_of(paired_ratios(scenario.blocks, base.blocks), confidence=confidence)
    if any({pair.first, pair.second} == {target.name, reference.name} for pair in pairs):
        verdict = RatioVerdict.SAME
    elif any(pair.differs for pair in pairs):
        verdict = RatioVerdict.WITHHELD
    else:
        verdict = _verdict(scenario, base, ratio)
    return SummaryRow(target, scenario, ratio, verdict)


def _verdict(scenario: ScenarioResult, base: ScenarioResult | None, ratio: Ratio | None) -> RatioVerdict:
    if any(each is not None and each.ok < _MIN_OK_SHARE * each.sent for each in (scenario, base)):
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
