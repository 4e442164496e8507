"""An emulated Lambda function behind its function URL."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from django_runtimes.compare.emulator.freezer import Freezer
from django_runtimes.compare.emulator.function_emulator import FunctionEmulator
from django_runtimes.compare.emulator.function_url import FunctionUrl
from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.targets.start_report import StartReports
from django_runtimes.compare.targets.target import ColdStart, FirstRequest, expect_answer


class LambdaTarget:
    """A function served by real processes, each of which serves one request at a time."""

    has_cold_bursts = True

    def __init__(self, function: Function, *, freezer: Freezer | None = None) -> None:
        self._function = function
        self.emulator = self._make_emulator(function, freezer)
        self._reports = StartReports(function.environ, has_engine=function.has_engine)
        self._stack = AsyncExitStack()
        self.url = ""

    def _make_emulator(self, function: Function, freezer: Freezer | None) -> FunctionEmulator:
        return LambdaEmulator(function, freezer=freezer)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.emulator)
            await self.emulator.warm(1)
            front = await stack.enter_async_context(FunctionUrl(self.emulator))
            self.url = front.url
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def cold_start(self, first_request: FirstRequest) -> ColdStart:
        """End all execution environments, and measure a request that waits for the init phase of a new one."""
        await self.emulator.retire_all()
        outcome = expect_answer(await first_request())
        ready_ms = self.emulator.init_durations_ms[-1]
        first_response_ms = outcome.latency_ms - ready_ms
        newest = self.emulator.starts[-1]
        phases = await self._reports.phases(
            newest.log, started_s=newest.started_s, ready_ms=ready_ms, first_response_ms=first_response_ms
        )
        return ColdStart(ready_ms, first_response_ms, phases)

    async def make_cold(self) -> None:
        """End every execution environment."""
        await self.emulator.retire_all()

    async def make_ready(self, count: int) -> None:
        """Start execution environments until `count` are ready and frozen."""
        await self.emulator.warm(count)

    @property
    def details(self) -> dict[str, str]:
        """The freezer, the number of started and failed execution environments, and the function's details."""
        return {
            "freezer": self.emulator.freezer_name,
            "execution environments started": str(self.emulator.started_count),
            "execution environments failed": str(self.emulator.failed_count),
            **self._function.details,
        }

    @property
    def handler_durations_ms(self) -> Sequence[float]:
        """The durations that Lambda would bill, before rounding."""
        return self.emulator.handler_durations_ms

    @property
    def process_ids(self) -> Sequence[int]:
        """The first process of each execution environment, also if it runs in a container of this machine."""
        return self._function.process_ids(self.emulator.process_ids)

    @property
    def logs(self) -> Sequence[Path]:
        """The log of each execution environment."""
        return self.emulator.logs

    def check_running(self) -> None:
        """Do nothing; an emulated function has no process that must keep running, and failed requests are counted."""
