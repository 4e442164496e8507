"""How ours stands to a peer over rounds that had both, with its uncertainty."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self

_RESAMPLES = 2_000
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Ratio:
    """The median of the rounds' ratios, with the bootstrap 95 % interval of that median."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, ours: Sequence[float], peer: Sequence[float]) -> Self:
        """Ours / peer, round by round; raises ValueError when one has more rounds than the other."""
        ratios = [one / other for one, other in zip(ours, peer, strict=True)]
        chance = random.Random(len(ratios))  # noqa: S311  (a fixed seed: the same rounds always read the same)
        medians = sorted(median(chance.choices(ratios, k=len(ratios))) for _ in range(_RESAMPLES))
        tail = round(_RESAMPLES * (1 - _CONFIDENCE) / 2)
        return cls(median=median(ratios), low=medians[tail], high=medians[-tail - 1])


def interleaved(contenders: Sequence[str], rounds: int, chance: random.Random) -> Iterator[str]:
    """Every contender once a round, in an order of its own each round."""
    for _ in range(rounds):
        yield from chance.sample(contenders, k=len(contenders))
