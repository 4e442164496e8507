"""Judges whether the p99 of a target's loads is at most the stated limit."""

from collections.abc import Sequence
from dataclasses import dataclass

from django_runtimes.compare.analysis.percentile import bounds_ms, latency_of
from django_runtimes.compare.load.histogram import P99_SAMPLES
from django_runtimes.compare.record.results import ScenarioResult

# The fewest samples with an upper end of the 95 % interval of a p99.
BOUND_SAMPLES = 368


@dataclass(frozen=True)
class JudgedP99:
    """Why a target is not shown to meet the limit of the p99; `misses` is empty if it is.

    `bound_ms` is the highest upper end of the intervals, None if a load that must be judged has none. `unjudged` has
    the loads below the highest one of their scenario that have too few samples or are void.
    """

    misses: tuple[str, ...] = ()
    bound_ms: float | None = None
    unjudged: tuple[str, ...] = ()


def judge_p99(steady: Sequence[ScenarioResult], max_p99_ms: float) -> JudgedP99:
    """Judge the highest load of each scenario, and the others where they have enough samples.

    The upper end of the interval decides. It needs fewer samples than a p99 that is shown. A load whose blocks are all
    void has no interval.
    """
    if not steady:
        # This alone excludes the target.
        return JudgedP99()
    bounds = [
        (scenario, *((None, None) if scenario.is_void else bounds_ms(latency_of(scenario), 0.99)))
        for scenario in steady
    ]
    above = [(low_ms, scenario) for scenario, low_ms, _ in bounds if _surely_above(scenario, low_ms, max_p99_ms)]
    if above:
        low_ms, worst = max(above, key=lambda each: each[1].latency_ms.p99 or each[0] or 0.0)
        p99_ms = worst.latency_ms.p99
        found = f"is {p99_ms:,.1f} ms" if p99_ms is not None else f"is at least {low_ms:,.1f} ms"
        return JudgedP99((f"its p99 {found} ({_load(worst)})",))
    unknown = [scenario for scenario, _, high_ms in bounds if high_ms is None]
    needed = [scenario for scenario in unknown if scenario.rate_rps == _highest_rps(steady, scenario.name)]
    if needed:
        if void := [scenario for scenario in needed if scenario.is_void]:
            return JudgedP99((f"its p99 is unknown, since all blocks of {_load(void[0])} are void",))
        fewest = min(needed, key=lambda scenario: scenario.latency_ms.n)
        return JudgedP99(
            (
                f"its p99 is unknown, since its upper bound needs {BOUND_SAMPLES} samples and {_load(fewest)} has "
                f"{fewest.latency_ms.n:,} (a longer --budget measures more)",
            )
        )
    bound_ms, worst = max(
        ((high_ms, scenario) for scenario, _, high_ms in bounds if high_ms is not None), key=lambda each: each[0]
    )
    unjudged = tuple(_load(scenario) for scenario in unknown)
    if bound_ms <= max_p99_ms:
        return JudgedP99(bound_ms=bound_ms, unjudged=unjudged)
    p99_ms = worst.latency_ms.p99
    value = "" if p99_ms is None or worst.latency_ms.n < P99_SAMPLES else f" of {p99_ms:,.1f} ms"
    return JudgedP99(
        (f"its p99{value} ({_load(worst)}) may be up to {bound_ms:,.1f} ms, so more samples are needed",),
        bound_ms,
        unjudged,
    )


def _surely_above(scenario: ScenarioResult, low_ms: float | None, max_p99_ms: float) -> bool:
    """Return whether the p99 is above the limit: the value itself if it is shown, and otherwise its lower end."""
    if scenario.is_void:
        return False
    p99_ms = scenario.latency_ms.p99
    return p99_ms > max_p99_ms if p99_ms is not None else low_ms is not None and low_ms > max_p99_ms


def _highest_rps(steady: Sequence[ScenarioResult], name: str) -> float:
    return max(scenario.rate_rps or 0.0 for scenario in steady if scenario.name == name)


def _load(scenario: ScenarioResult) -> str:
    return f"{scenario.name}, {scenario.rate_rps:g}/s"
