"""What every emulated function does: it starts execution environments, and passes invocations to them."""

import asyncio
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.emulator.environments.environment_process import EnvironmentProcess
from django_runtimes.compare.emulator.freezer import Freezer, choose_freezer
from django_runtimes.compare.emulator.invocation import (
    REQUEST_LIMIT_BYTES,
    FunctionFailed,
    Invocation,
    PayloadTooLarge,
    PendingInvocation,
)
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.emulator.response_stream import ResponseStream


class EnvironmentStart(NamedTuple):
    """When an execution environment was started, in seconds of time.monotonic(), and its log."""

    started_s: float
    log: Path


class StreamedAnswer(NamedTuple):
    """A response that has begun; the outcome is known at its end."""

    stream: ResponseStream
    outcome: asyncio.Future[Invocation]


class FunctionEmulator(ABC):
    """Runs one function; an async context manager."""

    def __init__(self, function: Function, *, freezer: Freezer | None = None) -> None:
        if sys.platform != "linux":
            raise CompareError(f"the Lambda emulator runs on Linux, not on {sys.platform}; omit aws_lambda targets")
        self._function = function
        self._freezer = freezer or choose_freezer()
        self._unreaped: set[EnvironmentProcess] = set()
        self._in_flight = 0
        self._starts: list[EnvironmentStart] = []
        self._failed_count = 0
        self._init_durations_ms: list[float] = []
        self._handler_durations_ms: list[float] = []
        self._closing = False

    async def __aenter__(self) -> Self:
        self._function.log_directory.mkdir(parents=True, exist_ok=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        await self.retire_all()
        self._freezer.close()

    @property
    @abstractmethod
    def environments(self) -> Sequence[EnvironmentProcess]:
        """The execution environments that have not ended."""

    @abstractmethod
    async def warm(self, count: int) -> None:
        """Prepare to serve `count` invocations at once; raise CompareError when that fails."""

    @abstractmethod
    def _begin(self, pending: PendingInvocation) -> None:
        """Start an invocation, or let it wait; raise Throttled if it may not run now."""

    @property
    def freezer_name(self) -> str:
        return self._freezer.name

    @property
    def started_count(self) -> int:
        """The number of execution environments started so far."""
        return len(self._starts)

    @property
    def starts(self) -> Sequence[EnvironmentStart]:
        """The start of each execution environment, in order."""
        return self._starts

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The process of each execution environment that has not ended."""
        return tuple(environment.process_id for environment in self.environments)

    @property
    def logs(self) -> tuple[Path, ...]:
        """The log of each execution environment, in the order of their starts."""
        return tuple(start.log for start in self._starts)

    @property
    def failed_count(self) -> int:
        """The number of execution environments that ended by a failed init, a crash or a timeout."""
        return self._failed_count

    @property
    def init_durations_ms(self) -> tuple[float, ...]:
        """The duration of each successful init phase, from process start to the first call of `/next`."""
        return tuple(self._init_durations_ms)

    @property
    def handler_durations_ms(self) -> Sequence[float]:
        """The duration of each successful invocation, from its event to its response, without any init phase."""
        return self._handler_durations_ms

    async def invoke(self, payload: bytes) -> Invocation:
        """Invoke the function as `answer` does; a streamed response becomes one payload."""
        answer = await self.answer(payload)
        if isinstance(answer, Invocation):
            return answer
        streamed, outcome = answer
        whole = b"".join([chunk async for chunk in streamed.chunks()])
        return replace(await asyncio.shield(outcome), payload=whole)

    async def answer(self, payload: bytes) -> Invocation | StreamedAnswer:
        """Invoke the function with an event in JSON; return a streamed response when it begins.

        Raise Throttled, PayloadTooLarge, InitFailed, FunctionFailed or TimedOut. Cancelling the caller does not end the
        invocation, since Lambda does not notice that a client disconnects.
        """
        if self._closing:
            raise FunctionFailed("Sandbox.Ended", "the emulator was stopped")
        if len(payload) > REQUEST_LIMIT_BYTES:
            raise PayloadTooLarge(
                f"an event of {len(payload)} bytes exceeds Lambda's limit of {REQUEST_LIMIT_BYTES}; send a smaller one"
            )
        loop = asyncio.get_running_loop()
        pending = PendingInvocation(payload, loop.create_future(), loop.create_future())
        self._begin(pending)
        self._in_flight += 1
        pending.outcome.add_done_callback(self._invocation_done)
        # This cancels neither of them if the caller is cancelled.
        either: set[asyncio.Future[Any]] = {pending.outcome, pending.stream}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if pending.stream.done():
            return StreamedAnswer(pending.stream.result(), pending.outcome)
        return pending.outcome.result()

    async def retire_all(self) -> None:
        """End every execution environment; running invocations fail."""
        for environment in self.environments:
            environment.end()
        for dead in list(self._unreaped):
            await dead.wait_reaped()

    def _note_start(self, environment: EnvironmentProcess) -> None:
        self._starts.append(EnvironmentStart(environment.started_s, environment.log))

    def _note_end(self, environment: EnvironmentProcess) -> None:
        self._unreaped = {dead for dead in self._unreaped if not dead.is_reaped} | {environment}
        if environment.failure is not None:
            self._failed_count += 1

    def _invocation_done(self, outcome: asyncio.Future[Invocation]) -> None:
        self._in_flight -= 1
        if not outcome.cancelled() and outcome.exception() is None:
            self._handler_durations_ms.append(outcome.result().duration_ms)
