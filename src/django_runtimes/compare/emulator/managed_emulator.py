"""Emulates Lambda Managed Instances, whose execution environments are started before requests arrive."""

import asyncio
from collections import deque
from collections.abc import Sequence

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.emulator.environments.managed_environment import ManagedEnvironment
from django_runtimes.compare.emulator.freezer import Freezer
from django_runtimes.compare.emulator.function_emulator import FunctionEmulator
from django_runtimes.compare.emulator.invocation import FunctionFailed, PendingInvocation, Throttled
from django_runtimes.compare.emulator.lambda_function import Function


class ManagedEmulator(FunctionEmulator):
    """Runs one function in a number of execution environments that only `warm` changes.

    An invocation is refused if as many as there are processes run. AWS adds environments some minutes after the CPU is
    busy; this emulator does not. An environment that ends by itself is replaced.
    """

    def __init__(self, function: Function, *, freezer: Freezer | None = None) -> None:
        super().__init__(function, freezer=freezer)
        if function.processes is None:
            raise ValueError(f"the function '{function.name}' has no number of processes")
        self._processes = function.processes
        self._environments: list[ManagedEnvironment] = []
        self._worker_waits = asyncio.Event()
        # These wait for workers that have responded, but not yet requested the next invocation, or are being replaced.
        self._waiting: deque[PendingInvocation] = deque()

    @property
    def environments(self) -> Sequence[ManagedEnvironment]:
        """The execution environments that have not ended."""
        return tuple(self._environments)

    async def warm(self, count: int) -> None:
        """Start execution environments until `count` workers can run, and wait for all workers."""
        needed = -(-count // self._processes)
        while len(self._environments) < needed:
            environment = self._start()
            if (failure := await environment.wait_initialised()) is not None:
                raise CompareError(
                    f"an execution environment of function '{self._function.name}' never became ready: {failure}"
                )
            if environment.init_ms is not None:
                self._init_durations_ms.append(environment.init_ms)
        async with asyncio.timeout(self._function.init_timeout_s * self._processes):
            while self._idle_workers() < len(self._environments) * self._processes:
                self._worker_waits.clear()
                await self._worker_waits.wait()

    def _begin(self, pending: PendingInvocation) -> None:
        processes = len(self._environments) * self._processes
        if self._in_flight >= processes:
            raise Throttled(f"Rate Exceeded: all {processes} processes of '{self._function.name}' are busy")
        self._waiting.append(pending)
        self._assign()

    def _assign(self) -> None:
        """Pass waiting invocations to idle workers, of the environment that has most of them."""
        while self._waiting and self._idle_workers():
            idlest = max(self._environments, key=lambda environment: environment.idle_workers)
            idlest.begin(self._waiting.popleft())

    def _ready(self) -> None:
        self._assign()
        self._worker_waits.set()

    def _idle_workers(self) -> int:
        return sum(environment.idle_workers for environment in self._environments)

    def _start(self) -> ManagedEnvironment:
        environment = ManagedEnvironment(self._function, self._freezer, on_ready=self._ready, on_end=self._ended)
        self._environments.append(environment)
        self._note_start(environment)
        return environment

    def _ended(self, environment: ManagedEnvironment) -> None:
        self._environments.remove(environment)
        self._note_end(environment)
        was_ready = environment.init_ms is not None
        if environment.failure is not None and was_ready and not self._closing:
            self._start()
        while self._waiting and not self._environments:
            ended = FunctionFailed("Sandbox.Ended", "no execution environment is left")
            self._waiting.popleft().fail(environment.failure or ended)
