"""The time that a run may take, and the parts that it leaves out to keep to it."""

import math
import time
from collections.abc import Callable

# The parts that a verdict does not need begin only within these shares of the time, so that the steady load gets the
# rest. Those that come first are dropped first, and whatever comes after the limit is dropped, too.
COLD_STARTS_SHARE = 0.35
WARM_UP_SHARE = 0.5
BURSTS_SHARE = 0.65
# Counting the statements that would pin starts servers once more, which takes up to half a minute.
PINS_GRACE_S = 15.0


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
    def taken_s(self) -> float:
        """The time that counts towards the limit so far."""
        return self._clock() - self._begun_s

    def is_used(self, share: float) -> bool:
        """Whether this share of the time has passed."""
        return self._clock() - self._begun_s >= share * self.limit_s

    def leave_out(self, part: str) -> None:
        """Note a part that is not measured."""
        if part not in self.left_out:
            self.left_out.append(part)
