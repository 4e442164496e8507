"""Measures elapsed time, including the time in which the process was frozen."""

import time
from typing import NamedTuple, Self


class Moment(NamedTuple):
    """A point in time on two clocks: the monotonic clock may stop with the machine, and the wall clock may be set."""

    monotonic_s: float
    wall_s: float

    @classmethod
    def now(cls) -> Self:
        """Return the present moment."""
        return cls(time.monotonic(), time.time())

    @property
    def age_s(self) -> float:
        """The seconds since this moment, by the clock on which more time has passed."""
        return max(time.monotonic() - self.monotonic_s, time.time() - self.wall_s)
