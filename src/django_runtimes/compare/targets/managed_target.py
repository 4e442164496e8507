"""An emulated function on Lambda Managed Instances, behind its function URL."""

from collections.abc import Mapping

from django_runtimes.compare.emulator.freezer import Freezer
from django_runtimes.compare.emulator.function_emulator import FunctionEmulator
from django_runtimes.compare.emulator.lambda_function import Function
from django_runtimes.compare.emulator.managed_emulator import ManagedEmulator
from django_runtimes.compare.targets.lambda_target import LambdaTarget
from django_runtimes.compare.targets.target import ColdStart, FirstRequest, expect_answer
from django_runtimes.config.environment import Environment
from django_runtimes.config.variables.database.connection_budget import AWS_LAMBDA_MAX_CONCURRENCY

# Lambda has no default: the function's PerExecutionEnvironmentMaxConcurrency decides.
DEFAULT_PROCESSES = 8


def managed_processes(environ: Mapping[str, str]) -> int:
    """Return the number of processes to emulate in each execution environment."""
    environment = Environment(environ)
    count = environment[AWS_LAMBDA_MAX_CONCURRENCY]
    return count if environment.is_set(AWS_LAMBDA_MAX_CONCURRENCY) else DEFAULT_PROCESSES


class ManagedTarget(LambdaTarget):
    """A function whose execution environments have several processes, and start before requests arrive."""

    has_cold_bursts = False

    def _make_emulator(self, function: Function, freezer: Freezer | None) -> FunctionEmulator:
        return ManagedEmulator(function, freezer=freezer)

    async def cold_start(self, first_request: FirstRequest) -> ColdStart:
        """Replace the execution environments, and measure the first request to a new one, which has started before."""
        await self.emulator.retire_all()
        await self.emulator.warm(1)
        outcome = expect_answer(await first_request())
        ready_ms = self.emulator.init_durations_ms[-1]
        newest = self.emulator.starts[-1]
        phases = await self._reports.phases(
            newest.log, started_s=newest.started_s, ready_ms=ready_ms, first_response_ms=outcome.latency_ms
        )
        return ColdStart(ready_ms, outcome.latency_ms, phases)

    async def make_cold(self) -> None:
        """Do nothing; the processes go on between requests."""
