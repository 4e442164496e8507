"""Decides from a seed, before the first request, which requests are sent and when."""

import random
from collections.abc import Sequence

from django_runtimes.compare.workload.workload import RequestTemplate


def poisson_arrivals(rate_rps: float, duration_s: float, seed: int) -> tuple[float, ...]:
    """Return offsets in s from the start of a block, below `duration_s`; the same seed gives the same offsets.

    All targets get the same seed in a block, so that they get the same load.
    """
    rng = random.Random(seed)  # noqa: S311 - a schedule, no secret
    offsets = []
    offset_s = rng.expovariate(rate_rps)
    while offset_s < duration_s:
        offsets.append(offset_s)
        offset_s += rng.expovariate(rate_rps)
    return tuple(offsets)


def choose_templates(templates: Sequence[RequestTemplate], count: int, seed: int) -> tuple[RequestTemplate, ...]:
    """Return `count` requests in random order, chosen in proportion to their shares."""
    # The seed differs from the arrivals', so that the mix stays the same when the rate changes.
    rng = random.Random(f"templates {seed}")  # noqa: S311 - no secret either
    return tuple(rng.choices(templates, weights=[template.share for template in templates], k=count))
