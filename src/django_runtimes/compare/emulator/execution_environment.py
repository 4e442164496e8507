"""An execution environment: a real process of the function, which is frozen between invocations."""

import asyncio
import os
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path
from typing import Protocol

from django_runtimes.cli import processes
from django_runtimes.compare.emulator.cpu_wait import cpu_wait_s
from django_runtimes.compare.emulator.freezer import Freezer
from django_runtimes.compare.emulator.invocation import (
    FunctionFailed,
    InitFailed,
    Invocation,
    InvocationError,
    PendingInvocation,
    TimedOut,
)
from django_runtimes.compare.emulator.lambda_function import VERSION, Function
from django_runtimes.compare.emulator.response_stream import ResponseStream
from django_runtimes.compare.emulator.runtime_api import RuntimeApi, RuntimeFailure, RuntimeInvocation

# The limit for an internal extension: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
_SHUTDOWN_S = 0.5
_MIN_WAIT_S = 0.01


class FunctionProcess(Protocol):
    """A process of the function: a child of this process, or a restored one."""

    @property
    def pid(self) -> int:
        """The process id of the session leader."""
        ...

    def terminate(self) -> None:
        """Send SIGTERM."""
        ...

    def wait(self) -> int:
        """Return the exit code, negative for a signal; call it when the process has ended."""
        ...


class StartProcess(Protocol):
    """Starts a process of the function that calls the Runtime API at host:port."""

    def __call__(self, *, runtime_api: str, log_stream: str, log: Path) -> FunctionProcess:
        """Return the process, whose output goes to `log`."""
        ...


class State(Enum):
    """The states of an execution environment."""

    STARTING = auto()
    READY = auto()
    BUSY = auto()
    # It has responded, but not yet requested the next invocation.
    FINISHING = auto()
    DEAD = auto()


class ExecutionEnvironment:
    """A process and its Runtime API, which serve one invocation at a time.

    `on_ready` is called whenever the process requests an invocation, `on_end` once, when the environment is dead.
    Create it on the event loop's thread: the kernel kills the process when that thread ends.
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
        self.id = uuid.uuid4().hex
        self.log = function.log_directory / f"{self.id}.log"
        self.state = State.STARTING
        self.init_ms: float | None = None
        self.failure: InvocationError | None = None
        self._function = function
        self._start_process = start
        self._freezer = freezer
        self._on_ready = on_ready
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._pending: PendingInvocation | None = None
        self._next: asyncio.Future[RuntimeInvocation] = self._loop.create_future()
        self._no_answer: asyncio.Future[RuntimeInvocation] = self._loop.create_future()
        self._init_to_report_ms: float | None = None
        self._init_failure: InitFailed | None = None
        self._has_extension = False
        self._shutdown: asyncio.TimerHandle | None = None
        self._initialised = asyncio.Event()
        self._reaped = asyncio.Event()
        self._api = RuntimeApi(self)
        # Processes of one machine share this clock, so that they can report the moments of their start.
        self.started_s = time.monotonic()
        self._busy_since = time.perf_counter()
        self._process = self._spawn()
        self._pid_descriptor = os.pidfd_open(self._process.pid)
        self._loop.add_reader(self._pid_descriptor, self._reap)
        self._timer = self._loop.call_later(function.init_timeout_s, self._end_slow_init)
        self._serving = self._loop.create_task(self._api.serve())

    @property
    def just_initialised(self) -> bool:
        """Whether the init phase has ended, and no invocation has ended since."""
        return self._init_to_report_ms is not None

    async def wait_initialised(self) -> InvocationError | None:
        """Wait for the end of the init phase; return the failure if the environment is dead by then."""
        await self._initialised.wait()
        return self.failure

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

    def end(self, failure: InvocationError | None = None) -> None:
        """End the process and fail its pending invocation; `failure` is None for a healthy environment.

        As on Lambda, a healthy one with an extension gets SIGTERM and half a second before SIGKILL.
        """
        if self.state is State.DEAD:
            return
        pid = self._process.pid
        if failure is None and self._has_extension:
            self._freezer.thaw(pid)
            self._process.terminate()
            self._shutdown = self._loop.call_later(_SHUTDOWN_S, self._freezer.kill, pid)
        else:
            self._freezer.kill(pid)
        self._conclude(failure)

    @property
    def process_id(self) -> int:
        return self._process.pid

    @property
    def is_reaped(self) -> bool:
        return self._reaped.is_set()

    async def wait_reaped(self) -> None:
        """Wait until a dead environment's process and Runtime API are gone."""
        await self._reaped.wait()

    async def next_invocation(self) -> RuntimeInvocation:
        if self.state is State.DEAD:
            # The request stays pending, as on Lambda: an error would make the process exit during its shutdown.
            return await self._no_answer
        if self.state is State.STARTING:
            self.init_ms = self._init_to_report_ms = (time.monotonic() - self.started_s) * 1000
        self.state = State.READY
        self._next = self._loop.create_future()
        self._start_timer(self._function.idle_reap_s, self.end)
        self._on_ready(self)
        self._initialised.set()
        if self.state is State.READY:
            # No invocation waited for this init phase, so none reports it as a cold start.
            self._init_to_report_ms = None
            self._freezer.freeze(self._process.pid)
        return await self._next

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

    def fail_init(self, failure: RuntimeFailure) -> None:
        # The process exits after this report; until then its log is incomplete.
        self._init_failure = InitFailed(failure.error_type, " ".join(failure.message.split()))

    def register_extension(self) -> None:
        self._has_extension = True

    def _spawn(self) -> FunctionProcess:
        log_stream = f"{datetime.now(UTC):%Y/%m/%d}/[{VERSION}]{self.id}"
        process = self._start_process(runtime_api=self._api.address, log_stream=log_stream, log=self.log)
        self._freezer.adopt(process.pid)
        return process

    def _take_pending(self, request_id: str) -> PendingInvocation | None:
        pending = self._pending
        if pending is None or pending.request_id != request_id:
            return None
        self._pending = self._init_to_report_ms = None
        self.state = State.FINISHING
        return pending

    def _start_timer(self, delay_s: float, action: Callable[[], None]) -> None:
        """Start the timer of the current state (init, invocation or idle), which replaces the previous one."""
        self._timer.cancel()
        self._timer = self._loop.call_later(delay_s, action)

    def _end_slow_init(self) -> None:
        limit_s = self._function.init_timeout_s
        # Environments that start at the same time share this machine's CPUs; on Lambda each has its own.
        left_s = limit_s - (time.monotonic() - self.started_s - cpu_wait_s(self._process.pid))
        if left_s > 0:
            # The clock of the event loop may differ slightly from this one.
            self._start_timer(max(left_s, _MIN_WAIT_S), self._end_slow_init)
            return
        cause = processes.cause(self.log)
        self._log(f"INIT_REPORT Init Duration: {limit_s * 1000:.2f} ms\tPhase: init\tStatus: timeout")
        self.end(InitFailed("Sandbox.Timedout", f"not ready after {limit_s:g} s; {cause}"))

    def _deadline_passed(self) -> None:
        message = f"Task timed out after {self._function.timeout_s:.2f} seconds"
        self._log(message)
        self.end(TimedOut(message))

    def _log(self, line: str) -> None:
        """Append a line of the platform to the function's log, as Lambda does."""
        with self.log.open("a") as log:
            log.write(f"{line}\n")

    def _conclude(self, failure: InvocationError | None) -> None:
        self.state = State.DEAD
        self.failure = failure
        self._timer.cancel()
        if self._pending is not None:
            self._pending.fail(failure or FunctionFailed("Sandbox.Ended", "the environment was shut down"))
            self._pending = None
        self._initialised.set()
        self._on_end(self)

    def _reap(self) -> None:
        self._loop.remove_reader(self._pid_descriptor)
        os.close(self._pid_descriptor)
        if self._shutdown is not None:
            self._shutdown.cancel()
        # Kill the processes before reaping their leader, whose process id may be reused afterwards.
        self._freezer.kill(self._process.pid)
        exit_code = self._process.wait()
        self._freezer.release(self._process.pid)
        if self.state is not State.DEAD:
            self._conclude(self._cause_of_death(exit_code))
        self._closing = self._loop.create_task(self._close())

    async def _close(self) -> None:
        self._next.cancel()
        self._no_answer.cancel()
        await self._serving
        await self._api.close()
        self._reaped.set()

    def _cause_of_death(self, exit_code: int) -> InvocationError:
        how = f"signal {-exit_code}" if exit_code < 0 else f"exit status {exit_code}"
        if self.state is State.STARTING:
            return self._init_failure or InitFailed("Runtime.ExitError", f"{how}; {processes.cause(self.log)}")
        return FunctionFailed("Runtime.ExitError", f"Runtime exited with error: {how}")
