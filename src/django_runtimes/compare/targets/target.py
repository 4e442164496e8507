"""The protocol of a target, whatever runtime it emulates."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.load.block import Outcome
from django_runtimes.compare.targets.start_report import StartPhases

FirstRequest = Callable[[], Awaitable[Outcome]]


@dataclass(frozen=True)
class ColdStart:
    """A cold start in ms: from the process start until ready, and from then until the first answer.

    `phases` has the finer phases, or None if the process did not report them.
    """

    ready_ms: float
    first_response_ms: float
    phases: StartPhases | None = None


class Target(Protocol):
    """A running alternative under comparison; entering it starts serving at `url`."""

    url: str
    # Whether a burst can start execution environments.
    has_cold_bursts: bool

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    async def cold_start(self, first_request: FirstRequest) -> ColdStart:
        """Force a cold start and measure it; raise CompareError when the first answer is not the expected one."""
        ...

    async def make_cold(self) -> None:
        """End the processes that the runtime would not keep."""
        ...

    async def make_ready(self, count: int) -> None:
        """Prepare to serve `count` requests at once; raise CompareError when that fails."""
        ...

    @property
    def details(self) -> dict[str, str]:
        """How the runtime was emulated, for the run's record."""
        ...

    @property
    def handler_durations_ms(self) -> Sequence[float]:
        """How long each request so far occupied a handler; empty if the runtime does not measure it."""
        ...

    @property
    def process_ids(self) -> Sequence[int]:
        """Its running processes on this machine, without their children; empty if they run elsewhere."""
        ...

    @property
    def logs(self) -> Sequence[Path]:
        """The logs of its processes, in the order in which they started."""
        ...

    def check_running(self) -> None:
        """Raise CompareError with the cause when the target has stopped by itself."""
        ...


def expect_answer(outcome: Outcome) -> Outcome:
    """Return the outcome; raise CompareError when it was not the expected answer."""
    if outcome.error is not None:
        raise CompareError(f"the first request ({outcome.request!r}): {outcome.seen}")
    return outcome
