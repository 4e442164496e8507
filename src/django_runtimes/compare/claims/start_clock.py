"""Measures the start of an execution environment without the time that it waits for a CPU."""

from django_runtimes.compare.emulator.cpu_wait import cpu_wait_s
from django_runtimes.compare.emulator.freezer import SignalFreezer
from django_runtimes.compare.emulator.lambda_emulator import LambdaEmulator
from django_runtimes.compare.emulator.lambda_function import Function


class StartClock(SignalFreezer):
    """Notes how long an environment has waited for a CPU at the moment when it is ready, which is when it freezes."""

    def __init__(self) -> None:
        self.waited_ms = 0.0

    def freeze(self, pid: int) -> None:
        self.waited_ms = cpu_wait_s(pid) * 1_000
        super().freeze(pid)


class StartedFunction:
    """A function that is started again and again; an async context manager."""

    def __init__(self, function: Function) -> None:
        self._clock = StartClock()
        self._emulator = LambdaEmulator(function, freezer=self._clock)

    async def __aenter__(self) -> "StartedFunction":
        await self._emulator.__aenter__()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self._emulator.retire_all()
        await self._emulator.__aexit__(None, None, None)

    async def start_ms(self) -> float:
        """Start one environment and end it; return the ms until it was ready, without those in which it had no CPU.

        Other processes of a busy machine then hardly change the figure. Lambda gives each environment its own share.
        """
        await self._emulator.warm(1)
        await self._emulator.retire_all()
        return self._emulator.init_durations_ms[-1] - self._clock.waited_ms
