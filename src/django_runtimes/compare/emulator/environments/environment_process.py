"""The process of an execution environment, with its Runtime API: its start, its log and its end."""

import asyncio
import os
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path
from typing import Protocol

from django_runtimes.cli import processes
from django_runtimes.compare.emulator.cpu_wait import cpu_wait_s
from django_runtimes.compare.emulator.freezer import Freezer
from django_runtimes.compare.emulator.invocation import FunctionFailed, InitFailed, InvocationError
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
    # All its invocations run.
    BUSY = auto()
    # It has responded, but not yet requested the next invocation.
    FINISHING = auto()
    DEAD = auto()


class EnvironmentProcess(ABC):
    """A process that runs a function, with the Runtime API that it calls.

    `on_end` is called once, when the environment is dead. Create it on the event loop's thread: the kernel kills the
    process when that thread ends.
    """

    def __init__(
        self,
        function: Function,
        freezer: Freezer,
        *,
        start: StartProcess,
        on_end: Callable[[], None],
    ) -> None:
        self.id = uuid.uuid4().hex
        self.log = function.log_directory / f"{self.id}.log"
        self.state = State.STARTING
        self.init_ms: float | None = None
        self.failure: InvocationError | None = None
        self._function = function
        self._start_process = start
        self._freezer = freezer
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._no_answer: asyncio.Future[RuntimeInvocation] = self._loop.create_future()
        self._init_failure: InitFailed | None = None
        self.extension_count = 0
        self._shutdown: asyncio.TimerHandle | None = None
        self._initialised = asyncio.Event()
        self._reaped = asyncio.Event()
        self._api = RuntimeApi(self)
        # Processes of one machine share this clock, so that they can report the moments of their start.
        self.started_s = time.monotonic()
        self._process = self._spawn()
        self._pid_descriptor = os.pidfd_open(self._process.pid)
        self._loop.add_reader(self._pid_descriptor, self._reap)
        self._timer = self._loop.call_later(function.init_timeout_s, self._end_slow_init)
        self._serving = self._loop.create_task(self._api.serve())

    @abstractmethod
    async def next_invocation(self) -> RuntimeInvocation:
        """Wait for the next invocation and return it."""

    @abstractmethod
    def respond(self, request_id: str, payload: bytes) -> bool:
        """Accept the result of an invocation; return False when it is not a running one."""

    @abstractmethod
    def begin_stream(self, request_id: str) -> ResponseStream | None:
        """Begin to accept a streamed result; return None when it is not the result of a running invocation."""

    @abstractmethod
    def fail(self, request_id: str, failure: RuntimeFailure) -> bool:
        """Accept the failure of an invocation; return False when it is not a running one."""

    @abstractmethod
    def _fail_pending(self, failure: InvocationError) -> None:
        """Fail what runs, since the environment is dead."""

    async def wait_initialised(self) -> InvocationError | None:
        """Wait for the end of the init phase; return the failure if the environment is dead by then."""
        await self._initialised.wait()
        return self.failure

    def end(self, failure: InvocationError | None = None) -> None:
        """End the process and fail its pending invocation; `failure` is None for a healthy environment.

        As on Lambda, a healthy one with an extension gets SIGTERM and half a second before SIGKILL.
        """
        if self.state is State.DEAD:
            return
        pid = self._process.pid
        if failure is None and self.extension_count:
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

    def fail_init(self, failure: RuntimeFailure) -> None:
        # The process exits after this report; until then its log is incomplete.
        self._init_failure = InitFailed(failure.error_type, " ".join(failure.message.split()))

    def register_extension(self) -> None:
        self.extension_count += 1

    def _spawn(self) -> FunctionProcess:
        log_stream = f"{datetime.now(UTC):%Y/%m/%d}/[{VERSION}]{self.id}"
        process = self._start_process(runtime_api=self._api.address, log_stream=log_stream, log=self.log)
        self._freezer.adopt(process.pid)
        return process

    def _note_init(self) -> None:
        """Note the end of the init phase, when the process requests an invocation for the first time."""
        self.init_ms = (time.monotonic() - self.started_s) * 1_000

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

    def _log(self, line: str) -> None:
        """Append a line of the platform to the function's log, as Lambda does."""
        with self.log.open("a") as log:
            log.write(f"{line}\n")

    def _conclude(self, failure: InvocationError | None) -> None:
        self.state = State.DEAD
        self.failure = failure
        self._timer.cancel()
        self._fail_pending(failure or FunctionFailed("Sandbox.Ended", "the environment was shut down"))
        self._initialised.set()
        self._on_end()

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
        self._no_answer.cancel()
        await self._serving
        await self._api.close()
        self._reaped.set()

    def _cause_of_death(self, exit_code: int) -> InvocationError:
        how = f"signal {-exit_code}" if exit_code < 0 else f"exit status {exit_code}"
        if self.state is State.STARTING:
            return self._init_failure or InitFailed("Runtime.ExitError", f"{how}; {processes.cause(self.log)}")
        return FunctionFailed("Runtime.ExitError", f"Runtime exited with error: {how}")
