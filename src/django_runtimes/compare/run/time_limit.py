"""The time that a run may take, and the parts that it leaves out to keep to it."""

import math
import time
from collections.abc import Callable

# The parts that a verdict does not need begin only within these shares of the time, so that the steady load gets the
# rest. Those that come first are dropped first, and whatever comes after the limit is dropped, too.
# The streams come first, and may take this share from their beginning on.
STREAMS_SHARE = 0.05
COLD_STARTS_SHARE = 0.35
WARM_UP_SHARE = 0.5
BURSTS_SHARE = 0.65
# Counting the statements that would pin starts servers once more, which takes up to half a minute.
PINS_GRACE_S = 15.0
# A step that has begun may take half of the time that is left, so that the other targets get the rest, and at least
# this long. It is cut off then, or this long after the limit. Most steps take less than 5 s.
_STEP_GRACE_S = 15.0
# Servers that the count has started took 21 s to end on a machine with seven times as much work as CPUs.
PINS_END_S = 35.0


class TimeLimit:
    """The limit of a run's time in s, infinite without one, and what the run left out."""

    def __init__(self, limit_s: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin now."""
        self.limit_s = math.inf if limit_s is None else limit_s
        self.left_out: list[str] = []
        self._clock = clock
        self._begun_s = clock()

    def begin(self) -> None:
        """Begin again: what came before does not count towards the limit."""
        self._begun_s = self._clock()

    @property
    def left_s(self) -> float:
        """The time until the limit, below 0 after it."""
        return self.limit_s - (self._clock() - self._begun_s)

    @property
    def step_s(self) -> float:
        """The time that a step may take from now on, from 0 to infinity."""
        left_s = self.left_s
        return max(min(max(left_s / 2, _STEP_GRACE_S), left_s + _STEP_GRACE_S), 0.0)

    @property
    def pins_s(self) -> float:
        """The time that the count of statements that would pin may take from now on, from 0 to infinity."""
        return max(self.left_s + PINS_END_S, 0.0)

    @property
    def taken_s(self) -> float:
        """The time that counts towards the limit so far."""
        return self._clock() - self._begun_s

    @property
    def used_share(self) -> float:
        """The share of the time that has passed, 0 without a limit."""
        return self.taken_s / self.limit_s

    def is_used(self, share: float) -> bool:
        """Whether this share of the time has passed."""
        return self._clock() - self._begun_s >= share * self.limit_s

    def leave_out(self, part: str) -> None:
        """Note a part that is not measured."""
        if part not in self.left_out:
            self.left_out.append(part)
