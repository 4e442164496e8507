"""Emulates the Lambda service, which assigns invocations to execution environments."""

import asyncio
import os
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.emulator.environments.environment_process import State
from django_runtimes.compare.emulator.environments.execution_environment import ExecutionEnvironment
from django_runtimes.compare.emulator.freezer import Freezer
from django_runtimes.compare.emulator.function_emulator import FunctionEmulator
from django_runtimes.compare.emulator.invocation import (
    FunctionFailed,
    InitFailed,
    InvocationError,
    PendingInvocation,
    Throttled,
)
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.emulator.snapshots.function_snapshot import FunctionSnapshot

# An init phase takes about 0.4 s of CPU. Starting more of them than there are CPUs slows down all of them, up to their
# timeout.
_STARTS_AT_ONCE = 2 * (os.cpu_count() or 1)


class LambdaEmulator(FunctionEmulator):
    """Runs one function as Lambda does.

    Each execution environment serves one invocation at a time. An invocation gets the most recently used idle one. If
    none is idle, a new one is started, up to the concurrency limit. The first environment that becomes ready gets the
    invocation that has waited longest.
    """

    def __init__(self, function: Function, *, freezer: Freezer | None = None) -> None:
        super().__init__(function, freezer=freezer)
        # A start that may use only a part of a CPU leaves the rest to others.
        cpus = 1.0 if function.limits is None else function.limits.cpus
        self._starts_at_once = max(1, int(_STARTS_AT_ONCE / cpus))
        self._environments: set[ExecutionEnvironment] = set()
        self._idle: list[ExecutionEnvironment] = []
        self._waiting: deque[PendingInvocation] = deque()
        self._snapshot: FunctionSnapshot | None = None

    async def __aenter__(self) -> Self:
        await super().__aenter__()
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
        while self._waiting:
            self._waiting.popleft().fail(FunctionFailed("Sandbox.Ended", "the emulator was stopped"))
        await super().__aexit__(kind, error, trace)
        if self._snapshot is not None:
            await self._snapshot.close()

    @property
    def environments(self) -> Sequence[ExecutionEnvironment]:
        """The execution environments that have not ended."""
        return tuple(self._environments)

    def _begin(self, pending: PendingInvocation) -> None:
        limit = self._function.concurrency_limit
        if self._in_flight >= limit:
            raise Throttled(f"Rate Exceeded: {limit} invocations of '{self._function.name}' are running")
        if self._idle:
            self._idle.pop().begin(pending)
        else:
            self._waiting.append(pending)
            self._start_missing()

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

    def _start(self) -> ExecutionEnvironment:
        environment = ExecutionEnvironment(
            self._function,
            self._freezer,
            start=self._function.start if self._snapshot is None else self._snapshot.restore,
            on_ready=self._ready,
            on_end=self._ended,
        )
        self._environments.add(environment)
        self._note_start(environment)
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
        self._note_end(environment)
        if environment in self._idle:
            self._idle.remove(environment)
        # A failed init fails one invocation; otherwise a broken function would be started forever.
        failure = environment.failure
        if isinstance(failure, InitFailed) and len(self._waiting) > self._soon_ready():
            self._waiting.popleft().fail(failure)
        self._start_missing()
