"""An execution environment of Lambda Managed Instances: several processes, which are never frozen."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django_runtimes.compare.emulator.environments.environment_process import EnvironmentProcess, State
from django_runtimes.compare.emulator.freezer import Freezer
from django_runtimes.compare.emulator.invocation import (
    FunctionFailed,
    Invocation,
    InvocationError,
    PendingInvocation,
    TimedOut,
)
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.emulator.response_stream import ResponseStream
from django_runtimes.compare.emulator.runtime_api import RuntimeFailure, RuntimeInvocation


@dataclass(frozen=True)
class _Running:
    pending: PendingInvocation
    timer: asyncio.TimerHandle
    begun_s: float


class ManagedEnvironment(EnvironmentProcess):
    """A process that starts workers, and the Runtime API that all of them call.

    `on_ready` is called whenever a worker requests an invocation, `on_end` once, when the environment is dead.
    An invocation that takes too long has failed, and its worker goes on.
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-execution-environment.html
    """

    def __init__(
        self,
        function: Function,
        freezer: Freezer,
        *,
        on_ready: Callable[[], None],
        on_end: Callable[["ManagedEnvironment"], None],
    ) -> None:
        super().__init__(function, freezer, start=function.start, on_end=partial(on_end, self))
        self._on_ready = on_ready
        self._idle: list[asyncio.Future[RuntimeInvocation]] = []
        self._running: dict[str, _Running] = {}

    @property
    def idle_workers(self) -> int:
        """The number of workers that wait for an invocation."""
        return len(self._idle)

    def begin(self, pending: PendingInvocation) -> None:
        """Run an invocation on the worker that has waited for the shortest time."""
        timeout_s = self._function.timeout_s
        timer = self._loop.call_later(timeout_s, self._deadline_passed, pending.request_id)
        self._running[pending.request_id] = _Running(pending, timer, time.perf_counter())
        deadline_ms = int((time.time() + timeout_s) * 1000)
        self._idle.pop().set_result(
            RuntimeInvocation(pending.request_id, pending.payload, deadline_ms, self._function.arn, pending.trace_id)
        )

    async def next_invocation(self) -> RuntimeInvocation:
        if self.state is State.DEAD:
            return await asyncio.shield(self._no_answer)
        if self.state is State.STARTING:
            self._note_init()
            self._timer.cancel()
            self.state = State.READY
        waiting: asyncio.Future[RuntimeInvocation] = self._loop.create_future()
        self._idle.append(waiting)
        self._initialised.set()
        self._on_ready()
        try:
            return await waiting
        finally:
            # The worker has ended, and with it its request.
            if waiting in self._idle:
                self._idle.remove(waiting)

    def respond(self, request_id: str, payload: bytes) -> bool:
        if (running := self._take(request_id)) is None:
            return False
        duration_ms = (time.perf_counter() - running.begun_s) * 1000
        running.pending.succeed(Invocation(payload, duration_ms, None, self.id))
        return True

    def begin_stream(self, request_id: str) -> ResponseStream | None:
        running = self._running.get(request_id)
        if running is None or running.pending.stream.done():
            return None
        return running.pending.begin_stream()

    def fail(self, request_id: str, failure: RuntimeFailure) -> bool:
        if (running := self._take(request_id)) is None:
            return False
        running.pending.fail(FunctionFailed(failure.error_type, failure.message))
        return True

    def _take(self, request_id: str) -> _Running | None:
        running = self._running.pop(request_id, None)
        if running is not None:
            running.timer.cancel()
        return running

    def _deadline_passed(self, request_id: str) -> None:
        message = f"Task timed out after {self._function.timeout_s:.2f} seconds"
        self._log(message)
        if (running := self._take(request_id)) is not None:
            running.pending.fail(TimedOut(message))

    def _fail_pending(self, failure: InvocationError) -> None:
        for request_id in list(self._running):
            if (running := self._take(request_id)) is not None:
                running.pending.fail(failure)

    async def _close(self) -> None:
        for waiting in list(self._idle):
            waiting.cancel()
        await super()._close()
