"""The latencies, cold starts and their ratios that conditions are about."""

from statistics import median

from django_runtimes.compare.analysis.percentile import latency_of, percentile_of
from django_runtimes.compare.analysis.percentile_ratio import paired_percentile_ratio
from django_runtimes.compare.analysis.ratio import Ratio, paired_blocks, paired_ratios, ratio_of
from django_runtimes.compare.analysis.separate_ratio import separate_ratio, shift_ratio
from django_runtimes.compare.analysis.summary import MIN_OK_SHARE
from django_runtimes.compare.gate.gate_figure import GateFigure
from django_runtimes.compare.gate.unjudgeable import UnjudgeableError
from django_runtimes.compare.intervals.order_statistics import rank_interval
from django_runtimes.compare.load.histogram import P99_SAMPLES, LatencyHistogram
from django_runtimes.compare.record.results import ScenarioResult, TargetResult

_MEDIAN = 0.5


def latency_figure(scenario: ScenarioResult, share: float, confidence: float) -> GateFigure:
    """Return the quantile `share` of a scenario; raise UnjudgeableError if it has none."""
    check_latencies(scenario, share)
    percentile = percentile_of(latency_of(scenario), share, confidence=confidence)
    if percentile is None or (percentile.low_ms is None and percentile.high_ms is None):
        raise UnjudgeableError(f"{scenario.latency_ms.n} samples are too few for {_interval(confidence)}")
    return GateFigure.of_percentile(percentile, confidence)


def check_latencies(scenario: ScenarioResult, share: float) -> None:
    """Raise UnjudgeableError if the latencies of a scenario prove nothing about a quantile."""
    if not any(block.void is None for block in scenario.blocks):
        reason = next((block.void for block in scenario.blocks), "there are none")
        raise UnjudgeableError(f"all its blocks are void: {reason}")
    if scenario.ok < MIN_OK_SHARE * scenario.sent:
        errors = 1 - scenario.ok / scenario.sent
        raise UnjudgeableError(
            f"{errors:.1%} of its answers were errors, which its latencies leave out; "
            f"the limit is {1 - MIN_OK_SHARE:.0%}"
        )
    if share >= 0.99 and scenario.latency_ms.n < P99_SAMPLES:
        raise UnjudgeableError(
            f"a p99 needs {P99_SAMPLES:,} samples, and it has {scenario.latency_ms.n:,}; give a longer --budget"
        )


def latency_ratio(
    scenario: ScenarioResult, base: ScenarioResult, share: float, confidence: float, *, independent: float | None
) -> GateFigure:
    """Return the ratio of a quantile to the quantile of `base`, whose blocks are pairs if `independent` is None.

    Otherwise `base` is from another run, and `independent` is the share of the blocks that count as independent.
    """
    for each in (scenario, base):
        check_latencies(each, share)
    if independent is not None:
        ratio = separate_ratio(scenario, base, share, confidence=confidence, independent=independent)
    elif share == _MEDIAN:
        ratio = ratio_of(paired_ratios(scenario.blocks, base.blocks), confidence=confidence)
    else:
        pairs = paired_blocks(scenario.blocks, base.blocks)
        own, other = ([LatencyHistogram.decoded(pair[side].histogram) for pair in pairs] for side in (0, 1))
        ratio = paired_percentile_ratio(own, other, share, confidence=confidence)
    return _ratio_figure(ratio, confidence)


def cold_start_figure(target: TargetResult, confidence: float) -> GateFigure:
    """Return the median cold start of a target in ms."""
    durations_ms = sorted(target.cold_start_ms.phases.totals_ms)
    ranks = rank_interval(len(durations_ms), _MEDIAN, confidence=confidence) if durations_ms else None
    if ranks is None or ranks.low is None or ranks.high is None:
        raise UnjudgeableError(f"{len(durations_ms)} cold starts are too few for {_interval(confidence)}")
    return GateFigure(median(durations_ms), durations_ms[ranks.low - 1], durations_ms[ranks.high - 1], confidence)


def cold_start_ratio(target: TargetResult, base: TargetResult, confidence: float) -> GateFigure:
    """Return the ratio of the cold starts of two targets."""
    own, other = target.cold_start_ms.phases.totals_ms, base.cold_start_ms.phases.totals_ms
    return _ratio_figure(shift_ratio(own, other, confidence=confidence), confidence)


def _ratio_figure(ratio: Ratio | None, confidence: float) -> GateFigure:
    if ratio is None:
        raise UnjudgeableError(
            f"there are too few blocks, samples or starts for {_interval(confidence)}; give a longer --budget"
        )
    return GateFigure.of_ratio(ratio)


def _interval(confidence: float) -> str:
    return f"an interval at {100 * confidence:.3g}%"
