"""When requests are sent and which ones, decided by a seed before the first is sent."""

import random
from collections.abc import Sequence

from django_runtimes.compare.workload.workload import RequestTemplate


def poisson_arrivals(rate_rps: float, duration_s: float, seed: int) -> tuple[float, ...]:
    """Offsets in s from a block's start, below `duration_s`; the same seed gives the same ones.

    Every target gets the same seed in a block, so that the targets of a block differ in nothing
    but themselves.
    """
    chance = random.Random(seed)  # noqa: S311 - a schedule, no secret
    offsets = []
    offset_s = chance.expovariate(rate_rps)
    while offset_s < duration_s:
        offsets.append(offset_s)
        offset_s += chance.expovariate(rate_rps)
    return tuple(offsets)


def choose_templates(templates: Sequence[RequestTemplate], count: int, seed: int) -> tuple[RequestTemplate, ...]:
    """`count` requests in a random order, each as often as its share of all shares."""
    # A generator apart from the arrivals': the mix stays the same when the rate changes.
    chance = random.Random(f"templates {seed}")  # noqa: S311 - no secret either
    return tuple(chance.choices(templates, weights=[template.share for template in templates], k=count))
