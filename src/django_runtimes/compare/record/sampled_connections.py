"""The backends that an interval's samples counted."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SampledConnections:
    """Backends of one database during an interval; a lower bound, since samples miss short connections."""

    peak: int
    mean: float
    samples: int
