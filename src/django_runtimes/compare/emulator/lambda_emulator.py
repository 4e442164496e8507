"""Emulates the Lambda service, which assigns invocations to execution environments."""

import asyncio
import os
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.emulator.execution_environment import ExecutionEnvironment, State
from django_runtimes.compare.emulator.freezer import Freezer, choose_freezer
from django_runtimes.compare.emulator.invocation import (
    REQUEST_LIMIT_BYTES,
    FunctionFailed,
    InitFailed,
    Invocation,
    InvocationError,
    PayloadTooLarge,
    PendingInvocation,
    Throttled,
)
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.emulator.response_stream import ResponseStream
from django_runtimes.compare.emulator.snapshots.function_snapshot import FunctionSnapshot

# An init phase takes about 0.4 s of CPU. Starting more of them than there are CPUs slows down all of them, up to their
# timeout.
_STARTS_AT_ONCE = 2 * (os.cpu_count() or 1)


class EnvironmentStart(NamedTuple):
    """When an execution environment was started, in seconds of time.monotonic(), and its log."""

    started_s: float
    log: Path


class StreamedAnswer(NamedTuple):
    """A response that has begun; the outcome is known at its end."""

    stream: ResponseStream
    outcome: asyncio.Future[Invocation]


class LambdaEmulator:
    """Runs one function as Lambda does; an async context manager.

    Each execution environment serves one invocation at a time. An invocation gets the most recently used idle one. If
    none is idle, a new one is started, up to the concurrency limit. The first environment that becomes ready gets the
    invocation that has waited longest.
    """

    def __init__(self, function: Function, *, freezer: Freezer | None = None) -> None:
        if sys.platform != "linux":
            raise CompareError(f"the Lambda emulator runs on Linux, not on {sys.platform}; omit aws_lambda targets")
        self._function = function
        self._freezer = freezer or choose_freezer()
        # A start that may use only a part of a CPU leaves the rest to others.
        cpus = 1.0 if function.limits is None else function.limits.cpus
        self._starts_at_once = max(1, int(_STARTS_AT_ONCE / cpus))
        self._environments: set[ExecutionEnvironment] = set()
        self._unreaped: set[ExecutionEnvironment] = set()
        self._idle: list[ExecutionEnvironment] = []
        self._waiting: deque[PendingInvocation] = deque()
        self._in_flight = 0
        self._starts: list[EnvironmentStart] = []
        self._failed_count = 0
        self._init_durations_ms: list[float] = []
        self._handler_durations_ms: list[float] = []
        self._closing = False
        self._snapshot: FunctionSnapshot | None = None

    async def __aenter__(self) -> Self:
        self._function.log_directory.mkdir(parents=True, exist_ok=True)
        if self._function.snap_start:
            snapshot = FunctionSnapshot(self._function)
            try:
                await snapshot.take()
            except BaseException:
                await snapshot.close()
                raise
            self._snapshot = snapshot
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        while self._waiting:
            self._waiting.popleft().fail(FunctionFailed("Sandbox.Ended", "the emulator was stopped"))
        await self.retire_all()
        if self._snapshot is not None:
            await self._snapshot.close()
        self._freezer.close()

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
        return tuple(environment.process_id for environment in self._environments)

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
        limit = self._function.concurrency_limit
        if self._in_flight >= limit:
            raise Throttled(f"Rate Exceeded: {limit} invocations of '{self._function.name}' are running")
        loop = asyncio.get_running_loop()
        pending = PendingInvocation(payload, loop.create_future(), loop.create_future())
        self._in_flight += 1
        pending.outcome.add_done_callback(self._invocation_done)
        if self._idle:
            self._idle.pop().begin(pending)
        else:
            self._waiting.append(pending)
            self._start_missing()
        # This cancels neither of them if the caller is cancelled.
        either: set[asyncio.Future[Any]] = {pending.outcome, pending.stream}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if pending.stream.done():
            return StreamedAnswer(pending.stream.result(), pending.outcome)
        return pending.outcome.result()

    async def warm(self, count: int) -> None:
        """Start execution environments until `count` are ready and frozen; raise CompareError when one fails."""
        limit = self._function.concurrency_limit
        if count > limit:
            raise CompareError(
                f"{count} warm environments exceed the concurrency limit of {limit}; request at most {limit}"
            )
        starting: set[asyncio.Task[InvocationError | None]] = set()
        while len(self._idle) < count:
            while len(starting) < self._starts_at_once and len(self._idle) + len(starting) < count:
                starting.add(asyncio.create_task(self._start().wait_initialised()))
            done, starting = await asyncio.wait(starting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if (failure := task.result()) is not None:
                    raise CompareError(
                        f"an execution environment of function '{self._function.name}' never became ready: {failure}"
                    )

    async def retire_all(self) -> None:
        """End every execution environment; the next invocation is cold, and running ones fail."""
        for environment in list(self._environments):
            environment.end()
        for environment in list(self._unreaped):
            await environment.wait_reaped()

    def _start(self) -> ExecutionEnvironment:
        environment = ExecutionEnvironment(
            self._function,
            self._freezer,
            start=self._function.start if self._snapshot is None else self._snapshot.restore,
            on_ready=self._ready,
            on_end=self._ended,
        )
        self._environments.add(environment)
        self._starts.append(EnvironmentStart(environment.started_s, environment.log))
        return environment

    def _start_missing(self) -> None:
        """Start an environment for each waiting invocation that no starting or finishing environment will serve."""
        while not self._closing and len(self._waiting) > self._soon_ready():
            self._start()

    def _soon_ready(self) -> int:
        return sum(e.state in (State.STARTING, State.FINISHING) for e in self._environments)

    def _ready(self, environment: ExecutionEnvironment) -> None:
        if environment.init_ms is not None and environment.just_initialised:
            self._init_durations_ms.append(environment.init_ms)
        if self._waiting:
            environment.begin(self._waiting.popleft())
        else:
            self._idle.append(environment)

    def _ended(self, environment: ExecutionEnvironment) -> None:
        self._environments.discard(environment)
        self._unreaped = {dead for dead in self._unreaped if not dead.is_reaped} | {environment}
        if environment in self._idle:
            self._idle.remove(environment)
        failure = environment.failure
        if failure is not None:
            self._failed_count += 1
        # A failed init fails one invocation; otherwise a broken function would be started forever.
        if isinstance(failure, InitFailed) and len(self._waiting) > self._soon_ready():
            self._waiting.popleft().fail(failure)
        self._start_missing()

    def _invocation_done(self, outcome: asyncio.Future[Invocation]) -> None:
        self._in_flight -= 1
        if not outcome.cancelled() and outcome.exception() is None:
            self._handler_durations_ms.append(outcome.result().duration_ms)
