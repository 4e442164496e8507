"""Elapsed time, including the time for which the process was frozen."""

import time
from typing import NamedTuple, Self


class Moment(NamedTuple):
    """A point in time on two clocks: the monotonic clock may stop with the machine, the wall clock may be set."""

    monotonic_s: float
    wall_s: float

    @classmethod
    def now(cls) -> Self:
        """Return the present moment."""
        return cls(time.monotonic(), time.time())

    @property
    def age_s(self) -> float:
        """Seconds since then, by the clock that shows more."""
        return max(time.monotonic() - self.monotonic_s, time.time() - self.wall_s)
