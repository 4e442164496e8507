"""Measures alternatives side by side: in each round once each, in random order."""

import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

from django_runtimes.compare.analysis.ratio import Ratio, ratio_of
from django_runtimes.compare.record.claim_result import ClaimFigure

# The intervals of a claim's ratios are not widened for their number, since each claim is judged by itself.
CONFIDENCE = 0.95


async def paired_durations(
    measures: Mapping[str, Callable[[], Awaitable[float]]], *, rounds: int, seed: int
) -> dict[str, list[float]]:
    """Return the duration of each alternative in each round, in the unit that the measures return."""
    order = random.Random(seed)  # noqa: S311 - no secret
    durations: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name in order.sample(list(measures), len(measures)):
            durations[name].append(await measures[name]())
    return durations


async def duration_ms(call: Callable[[], Awaitable[object]]) -> float:
    """Call once and return the duration in ms."""
    start = time.perf_counter()
    await call()
    return (time.perf_counter() - start) * 1_000


async def shortest_ms(call: Callable[[], Awaitable[object]], *, times: int) -> float:
    """Call `times` times in succession and return the shortest duration in ms, which other processes disturb least."""
    return min([await duration_ms(call) for _ in range(times)])


def ratio_between(durations: Sequence[float], reference: Sequence[float]) -> Ratio | None:
    """Return the ratio of the rounds' durations with its interval; None for too few rounds."""
    pairs = zip(durations, reference, strict=True)
    return ratio_of([duration / base for duration, base in pairs], confidence=CONFIDENCE)


def ratio_figures(ratios: Mapping[str, Ratio | None]) -> Iterator[ClaimFigure]:
    """Yield a figure for each ratio that has enough rounds for its interval."""
    for name, ratio in ratios.items():
        if ratio is not None:
            low, high = _rounded(ratio.low), _rounded(ratio.high)
            yield ClaimFigure(name, _rounded(ratio.estimate), "x", low, high, ratio.pairs)


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
