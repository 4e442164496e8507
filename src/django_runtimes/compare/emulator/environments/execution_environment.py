"""An execution environment: a real process of the function, which is frozen between invocations."""

import asyncio
import time
from collections.abc import Callable
from functools import partial

from django_runtimes.compare.emulator.environments.environment_process import EnvironmentProcess, StartProcess, State
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


class ExecutionEnvironment(EnvironmentProcess):
    """A process and its Runtime API, which serve one invocation at a time.

    `on_ready` is called whenever the process requests an invocation, `on_end` once, when the environment is dead.
    """

    def __init__(
        self,
        function: Function,
        freezer: Freezer,
        *,
        start: StartProcess,
        on_ready: Callable[["ExecutionEnvironment"], None],
        on_end: Callable[["ExecutionEnvironment"], None],
    ) -> None:
        super().__init__(function, freezer, start=start, on_end=partial(on_end, self))
        self._on_ready = on_ready
        self._pending: PendingInvocation | None = None
        self._next: asyncio.Future[RuntimeInvocation] = self._loop.create_future()
        self._init_to_report_ms: float | None = None
        self._busy_since = time.perf_counter()

    @property
    def just_initialised(self) -> bool:
        """Whether the init phase has ended, and no invocation has ended since."""
        return self._init_to_report_ms is not None

    def begin(self, pending: PendingInvocation) -> None:
        """Run an invocation on a ready environment."""
        self.state = State.BUSY
        self._pending = pending
        self._start_timer(self._function.timeout_s, self._deadline_passed)
        self._freezer.thaw(self._process.pid)
        self._busy_since = time.perf_counter()
        deadline_ms = int((time.time() + self._function.timeout_s) * 1000)
        self._next.set_result(
            RuntimeInvocation(pending.request_id, pending.payload, deadline_ms, self._function.arn, pending.trace_id)
        )

    async def next_invocation(self) -> RuntimeInvocation:
        if self.state is State.DEAD:
            # The request stays pending, as on Lambda: an error would make the process exit during its shutdown.
            return await asyncio.shield(self._no_answer)
        if self.state is State.STARTING:
            self._note_init()
            self._init_to_report_ms = self.init_ms
        self.state = State.READY
        self._next = self._loop.create_future()
        self._start_timer(self._function.idle_reap_s, self.end)
        self._on_ready(self)
        self._initialised.set()
        if self.state is State.READY:
            # No invocation waited for this init phase, so none reports it as a cold start.
            self._init_to_report_ms = None
            self._freezer.freeze(self._process.pid)
        # A lost connection must not cancel it, since the emulator sets it until the process is known to be dead.
        return await asyncio.shield(self._next)

    def respond(self, request_id: str, payload: bytes) -> bool:
        duration_ms = (time.perf_counter() - self._busy_since) * 1000
        invocation = Invocation(payload, duration_ms, self._init_to_report_ms, self.id)
        if (pending := self._take_pending(request_id)) is None:
            return False
        pending.succeed(invocation)
        return True

    def begin_stream(self, request_id: str) -> ResponseStream | None:
        pending = self._pending
        if pending is None or pending.request_id != request_id or pending.stream.done():
            return None
        return pending.begin_stream()

    def fail(self, request_id: str, failure: RuntimeFailure) -> bool:
        if (pending := self._take_pending(request_id)) is None:
            return False
        pending.fail(FunctionFailed(failure.error_type, failure.message))
        return True

    def _take_pending(self, request_id: str) -> PendingInvocation | None:
        pending = self._pending
        if pending is None or pending.request_id != request_id:
            return None
        self._pending = self._init_to_report_ms = None
        self.state = State.FINISHING
        return pending

    def _deadline_passed(self) -> None:
        message = f"Task timed out after {self._function.timeout_s:.2f} seconds"
        self._log(message)
        self.end(TimedOut(message))

    def _fail_pending(self, failure: InvocationError) -> None:
        if self._pending is not None:
            self._pending.fail(failure)
            self._pending = None

    async def _close(self) -> None:
        self._next.cancel()
        await super()._close()
