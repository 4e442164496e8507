"""A Lambda function emulated, behind its function URL."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from django_runtimes.compare.emulator.freezer import Freezer
from django_runtimes.compare.emulator.function_url import FunctionUrl
from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.targets.target import ColdStart, FirstRequest, expect_answer


class LambdaTarget:
    """Real awslambdaric processes, one for each request at a time."""

    has_cold_bursts = True

    def __init__(self, function: Function, *, freezer: Freezer | None = None) -> None:
        self._function = function
        self.emulator = LambdaEmulator(function, freezer=freezer)
        self._stack = AsyncExitStack()
        self.url = ""

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
        """A request that finds no execution environment: it waits for the init phase of its own."""
        await self.emulator.retire_all()
        outcome = expect_answer(await first_request())
        ready_ms = self.emulator.init_durations_ms[-1]
        return ColdStart(ready_ms, outcome.latency_ms - ready_ms)

    async def make_cold(self) -> None:
        """End every execution environment."""
        await self.emulator.retire_all()

    async def make_ready(self, count: int) -> None:
        """Start execution environments until so many wait, frozen."""
        await self.emulator.warm(count)

    @property
    def details(self) -> dict[str, str]:
        """How the function was emulated, and what became of its execution environments."""
        return {
            "freezer": self.emulator.freezer_name,
            "execution environments started": str(self.emulator.started_count),
            "execution environments failed": str(self.emulator.failed_count),
            **self._function.details,
        }

    @property
    def logs(self) -> Sequence[Path]:
        """One for each execution environment."""
        return self.emulator.logs

    def check_running(self) -> None:
        """An emulated function has no process that must live on: each failed request counts by itself."""
