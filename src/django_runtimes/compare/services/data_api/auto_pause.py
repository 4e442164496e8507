"""Pauses the database after a rest, as Aurora Serverless v2 does at 0 ACU."""

import time
from collections.abc import Callable

from django_runtimes.compare.services.data_api.data_api_error import DataApiError

_RESUMING = "The Aurora DB instance is resuming after being auto-paused. Please wait a few seconds and try again."


class AutoPause:
    """Refuses the calls between the first one after a rest and the end of the resumption."""

    def __init__(
        self, *, pause_after_s: float | None, resume_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pause_after_s = pause_after_s
        self._resume_s = resume_s
        self._clock = clock
        self._used_s = clock()
        self._awake_s: float | None = None

    def check(self, *, is_in_use: bool) -> None:
        """Raise DataApiError while the database resumes; a database with open transactions does not pause."""
        if self._pause_after_s is None:
            return
        now_s = self._clock()
        if self._awake_s is None and not is_in_use and now_s - self._used_s >= self._pause_after_s:
            self._awake_s = now_s + self._resume_s
        if self._awake_s is not None:
            if now_s < self._awake_s:
                raise DataApiError("DatabaseResumingException", _RESUMING)
            self._awake_s = None
        self.note_use()

    def note_use(self) -> None:
        """Start counting the rest from now."""
        self._used_s = self._clock()
