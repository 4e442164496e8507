"""The instance classes of RDS, and the cheapest one that a measured load needs."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.cost.usage.usage import DATABASE_CLASSES, Usage

# RDS's default for PostgreSQL: LEAST({DBInstanceClassMemory/9531392}, 5000). The class's nominal memory is slightly
# more than DBInstanceClassMemory, so the real default is somewhat lower.
_BYTES_PER_CONNECTION = 9_531_392
_MOST_CONNECTIONS = 5_000
_BYTES_PER_GB = 1_024**3
# Superusers, monitoring and deploys need connections too.
_CONNECTION_SHARE = Decimal("0.8")
_CPU_SHARE = Decimal("0.5")
_MS_PER_S = Decimal(1_000)


@dataclass(frozen=True)
class InstanceClass:
    """An RDS instance class; burstable classes sustain only the share `baseline` of their vCPUs (unverified)."""

    name: str
    vcpu: Decimal
    memory_gb: int
    baseline: Decimal = Decimal(1)

    @property
    def max_connections(self) -> int:
        """The default of max_connections for PostgreSQL, computed from the nominal memory."""
        return min(self.memory_gb * _BYTES_PER_GB // _BYTES_PER_CONNECTION, _MOST_CONNECTIONS)

    @property
    def sustained_vcpu(self) -> Decimal:
        """The number of vCPUs that the class sustains without surplus credits."""
        return self.vcpu * self.baseline

    @property
    def price_key(self) -> str:
        """The key of the class's hourly price."""
        return f"{self.name.replace('.', '_')}_hour"


# The vCPUs, the memory in GB and the baseline of each class.
_SHAPES = (
    (2, 1, "0.1"), (2, 2, "0.2"), (2, 4, "0.2"), (2, 8, "0.3"), (2, 8, "1"), (4, 16, "0.4"), (4, 16, "1"),
    (8, 32, "0.4"), (8, 32, "1"), (16, 64, "1"),
)  # fmt: skip
LADDER = tuple(
    InstanceClass(name, Decimal(vcpu), memory_gb, Decimal(baseline))
    for name, (vcpu, memory_gb, baseline) in zip(DATABASE_CLASSES, _SHAPES, strict=True)
)


def instance_class(name: str) -> InstanceClass:
    """Return the class with this name; raise UsageError for an unknown one."""
    for each in LADDER:
        if each.name == name:
            return each
    raise UsageError(f"{name!r} is not an instance class of this model; choose one of: {', '.join(DATABASE_CLASSES)}")


@dataclass(frozen=True)
class DatabaseNeed:
    """The database capacity that a target needs at a rate; `chosen` is None if no class is large enough."""

    rate_rps: Decimal
    connections: Decimal
    vcpu: Decimal
    chosen: InstanceClass | None
    # The KEY of the number that the connections come from.
    basis: str


def right_size(usage: Usage, rate_rps: Decimal, *, grows: bool) -> DatabaseNeed:
    """Return the database capacity that is needed at a rate.

    The connections of the steady load grow with the rate, except behind a proxy, which bounds them (`grows` is False).
    The need is at least the largest number, which bursts may reach at any rate.
    """
    growth = max(rate_rps / usage.connections_at_rps, Decimal(1)) if grows else Decimal(1)
    steady = (usage.connections * growth).to_integral_value(ROUND_CEILING)
    basis = "connections" if steady > usage.peak_connections else "peak_connections"
    connections = max(steady, usage.peak_connections)
    vcpu = rate_rps * usage.database_cpu_ms / _MS_PER_S
    return DatabaseNeed(rate_rps, connections, vcpu, next(_sufficient(connections, vcpu), None), basis)


def _sufficient(connections: Decimal, vcpu: Decimal) -> Iterator[InstanceClass]:
    """Yield the classes with enough connections and vCPUs, the cheapest first."""
    for each in LADDER:
        if each.max_connections * _CONNECTION_SHARE >= connections and each.sustained_vcpu * _CPU_SHARE >= vcpu:
            yield each
