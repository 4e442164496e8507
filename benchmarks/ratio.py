"""The ratio of ours to a peer over common rounds, with its uncertainty."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self

_RESAMPLES = 2_000
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Ratio:
    """The median of the rounds' ratios, with its bootstrap 95 % interval."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, ours: Sequence[float], peer: Sequence[float]) -> Self:
        """Return ours / peer over all rounds; raise ValueError when one has more rounds than the other."""
        ratios = [one / other for one, other in zip(ours, peer, strict=True)]
        rng = random.Random(len(ratios))  # noqa: S311  (a fixed seed: the same rounds give the same interval)
        medians = sorted(median(rng.choices(ratios, k=len(ratios))) for _ in range(_RESAMPLES))
        tail = round(_RESAMPLES * (1 - _CONFIDENCE) / 2)
        return cls(median=median(ratios), low=medians[tail], high=medians[-tail - 1])


def interleaved(contenders: Sequence[str], rounds: int, rng: random.Random) -> Iterator[str]:
    """Yield every contender once in each round, in a new random order."""
    for _ in range(rounds):
        yield from rng.sample(contenders, k=len(contenders))
