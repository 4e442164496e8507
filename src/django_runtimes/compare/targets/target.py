"""What the comparison asks of a target, whatever runtime it emulates."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.load.block import Outcome

FirstRequest = Callable[[], Awaitable[Outcome]]


@dataclass(frozen=True)
class ColdStart:
    """One cold start in ms: from the start of the process until it was ready, and on to the first answer."""

    ready_ms: float
    first_response_ms: float


class Target(Protocol):
    """One alternative under comparison while it runs; entering it makes it serve at `url`."""

    url: str
    # Whether a burst can meet execution environments that do not exist yet.
    has_cold_bursts: bool

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    async def cold_start(self, first_request: FirstRequest) -> ColdStart:
        """Force a cold start and measure it; CompareError when the first answer is not the expected one."""
        ...

    async def make_cold(self) -> None:
        """End what was started beyond the least that a runtime keeps."""
        ...

    async def make_ready(self, count: int) -> None:
        """Have what serves `count` requests at once ready; CompareError when it does not become so."""
        ...

    @property
    def details(self) -> dict[str, str]:
        """What belongs in the run's record: how the runtime was emulated."""
        ...

    @property
    def logs(self) -> Sequence[Path]:
        """What its processes wrote, in the order in which they started."""
        ...

    def check_running(self) -> None:
        """Raise CompareError with the cause when the target has ended by itself."""
        ...


def expect_answer(outcome: Outcome) -> Outcome:
    """The outcome; CompareError when it was not the expected answer."""
    if outcome.error is not None:
        raise CompareError(f"the first request ({outcome.request!r}): {outcome.seen}")
    return outcome
