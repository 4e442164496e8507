"""Summarizes a run: each target's ratio to the reference, with its uncertainty."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from django_runtimes.compare.run.results import Run, ScenarioResult, TargetResult

_RESAMPLES = 2_000
MIN_PAIRS = 4
# Latencies include only expected answers. If many requests failed, the answered ones are a selection, and calling
# their target faster would be wrong.
_MIN_OK_SHARE = 0.99


class RatioVerdict(StrEnum):
    """The verdict on a target compared with the reference."""

    REFERENCE = "reference"
    FASTER = "faster"
    SLOWER = "slower"
    NO_DIFFERENCE = "no difference shown"
    SAME = "A/A pair"
    TOO_FEW_BLOCKS = "too few blocks"
    TOO_MANY_ERRORS = "too many errors"
    WITHHELD = "withheld"


@dataclass(frozen=True)
class Ratio:
    """The median of the paired blocks' p50 ratios, with its bootstrap 95 % interval."""

    median: float
    low: float
    high: float
    pairs: int

    @property
    def excludes_one(self) -> bool:
        """Whether the interval excludes 1 and so shows a difference."""
        return self.low > 1 or self.high < 1


@dataclass(frozen=True)
class SummaryRow:
    """A scenario of a target; `ratio` is None when it cannot be compared."""

    target: TargetResult
    scenario: ScenarioResult
    ratio: Ratio | None
    verdict: RatioVerdict


@dataclass(frozen=True)
class Pair:
    """Two targets that start the same process (A/A); `ratio` is None with too few blocks."""

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
    pairs = tuple(
        Pair(first, second, _pooled_ratio(measured[first], measured[second]))
        for first, second in run.environment.get("aa_pairs", ())
        if first in measured and second in measured
    )
    reference = next(iter(measured.values()))
    keys = dict.fromkeys(_key(scenario) for target in measured.values() for scenario in target.scenarios)
    rows = tuple(
        _row(target, scenario, reference, pairs)
        for key in keys
        for target in measured.values()
        if (scenario := _scenario(target, key)) is not None
    )
    return Summary(reference.name, rows, pairs, run.environment.get("virtual_users", 0))


def _key(scenario: ScenarioResult) -> tuple[str, float | None]:
    return scenario.name, scenario.rate_rps


def _scenario(target: TargetResult, key: tuple[str, float | None]) -> ScenarioResult | None:
    return next((scenario for scenario in target.scenarios if _key(scenario) == key), None)


def _row(target: TargetResult, scenario: ScenarioResult, reference: TargetResult, pairs: Sequence[Pair]) -> SummaryRow:
    if target is reference:
        return SummaryRow(target, scenario, None, RatioVerdict.REFERENCE)
    base = _scenario(reference, _key(scenario))
    ratio = None if base is None else _ratio(_paired_ratios(scenario, base))
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
    if not ratio.excludes_one:
        return RatioVerdict.NO_DIFFERENCE
    return RatioVerdict.FASTER if ratio.median < 1 else RatioVerdict.SLOWER


def _pooled_ratio(first: TargetResult, second: TargetResult) -> Ratio | None:
    """Return the ratio over all steady scenarios together.

    With a 95 % interval for each of four scenarios, one of five valid runs would show a difference.
    """
    ratios: list[float] = []
    for scenario in second.scenarios:
        base = _scenario(first, _key(scenario))
        if scenario.rate_rps is not None and base is not None:
            ratios += _paired_ratios(scenario, base)
    return _ratio(ratios)


def _paired_ratios(scenario: ScenarioResult, base: ScenarioResult) -> list[float]:
    """Return the p50 ratio of each pair of blocks that are both valid."""
    medians = {block.index: block.p50_ms for block in base.blocks if block.void is None and block.p50_ms}
    return [
        block.p50_ms / medians[block.index]
        for block in scenario.blocks
        if block.void is None and block.p50_ms and block.index in medians
    ]


def _ratio(ratios: Sequence[float]) -> Ratio | None:
    if len(ratios) < MIN_PAIRS:
        return None
    rng = random.Random(len(ratios))  # noqa: S311 - a fixed seed: a saved run always reads the same
    medians = sorted(median(rng.choices(ratios, k=len(ratios))) for _ in range(_RESAMPLES))
    tail = round(_RESAMPLES * 0.025)
    return Ratio(median=median(ratios), low=medians[tail], high=medians[-tail - 1], pairs=len(ratios))
