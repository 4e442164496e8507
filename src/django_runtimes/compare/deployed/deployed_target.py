"""A deployed target, which the comparison measures at its URL and neither starts nor stops."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.deployed.deployed_service import DeployedService
from django_runtimes.compare.deployed.process_reports import ProcessReports
from django_runtimes.compare.emulator.container_limits import ContainerLimits, lambda_vcpus
from django_runtimes.compare.targets.target import ColdStart, FirstRequest


class DeployedTarget:
    """A service at a URL; its processes may report their measurements."""

    has_cold_bursts = False

    def __init__(self, service: DeployedService, reports: ProcessReports) -> None:
        self._service = service
        self._reports = reports
        self.url = service.url

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Do nothing; the service keeps running."""

    async def cold_start(self, first_request: FirstRequest) -> ColdStart:
        """Raise CompareError: only its owner can force a cold start."""
        raise CompareError("cannot force a cold start of a deployed target; count the ones that occur instead")

    async def make_cold(self) -> None:
        """Do nothing; the runtime decides which processes it keeps."""

    async def make_ready(self, count: int) -> None:
        """Do nothing; the runtime decides how many processes serve."""

    @property
    def details(self) -> dict[str, str]:
        """The URL, the names of the headers, the number of processes that reported, and the limits in the name."""
        memory_mb = self._service.name.memory_mb
        limits = None if memory_mb is None else ContainerLimits(lambda_vcpus(memory_mb), memory_mb)
        return {
            "url": self.url,
            "headers": ", ".join(self._service.headers) or "none",
            "reporting processes": str(self._reports.processes),
            **({} if limits is None else {"limits": str(limits)}),
        }

    @property
    def handler_durations_ms(self) -> Sequence[float]:
        """Nothing; a response does not say how long it took."""
        return ()

    @property
    def process_ids(self) -> Sequence[int]:
        """Nothing; its processes run elsewhere."""
        return ()

    @property
    def logs(self) -> Sequence[Path]:
        """Nothing; its logs are elsewhere."""
        return ()

    def check_running(self) -> None:
        """Raise CompareError when the service's reports contradict the target's name."""
        if self._reports.contradiction is not None:
            raise CompareError(self._reports.contradiction)
