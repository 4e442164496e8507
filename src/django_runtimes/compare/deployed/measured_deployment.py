"""The parts of a deployed target's measurement: its generator and the reports of its processes."""

import ssl
from dataclasses import dataclass

from django_runtimes.compare.deployed.deployed_service import DeployedService
from django_runtimes.compare.deployed.process_reports import ProcessReports
from django_runtimes.compare.load.access import Access
from django_runtimes.compare.load.generator import LoadGenerator

# Firewalls refuse unknown clients less often than ones without a name.
_USER_AGENT = "webapp-compare"


@dataclass(frozen=True)
class MeasuredDeployment:
    """A deployed service, the generator that reaches it, and the measurements that it reports."""

    service: DeployedService
    generator: LoadGenerator
    reports: ProcessReports
    max_rate_rps: float
    allows_writes: bool

    @property
    def secrets(self) -> frozenset[str]:
        """The values of the headers, which no report may show."""
        return frozenset(self.service.headers.values())


def deployment_of(
    service: DeployedService, *, measurement_key: str | None, max_rate_rps: float, allows_writes: bool
) -> MeasuredDeployment:
    """Return the parts for a service; without a key its processes are not asked for measurements."""
    reports = ProcessReports(service.name, measurement_key)
    access = Access(
        host=service.host,
        headers={"User-Agent": _USER_AGENT, **service.headers},
        tls=ssl.create_default_context(),
        max_rate_rps=max_rate_rps,
        reader=reports,
    )
    return MeasuredDeployment(service, LoadGenerator(access=access), reports, max_rate_rps, allows_writes)
