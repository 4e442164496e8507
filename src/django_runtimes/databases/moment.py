"""Time that passed, counting what passed while the process was frozen."""

import time
from typing import NamedTuple, Self


class Moment(NamedTuple):
    """A point in time on both clocks: the monotonic one may stand still with a machine, the wall clock may be set."""

    monotonic_s: float
    wall_s: float

    @classmethod
    def now(cls) -> Self:
        """This moment."""
        return cls(time.monotonic(), time.time())

    @property
    def age_s(self) -> float:
        """Seconds since, by the clock that says more."""
        return max(time.monotonic() - self.monotonic_s, time.time() - self.wall_s)
