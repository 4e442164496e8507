"""The parts of a run's environment that reports depend on, as saved in run.json."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True)
class RecordedPlan:
    """The plan of a run."""

    ALLOWS_OTHER_KEYS: ClassVar[bool] = True

    budget_s: float | None = None
    pairs: int | None = None
    load_shares: tuple[float, ...] | None = None
    rates_rps: Mapping[str, tuple[float, ...]] | None = None
    burst_size: int | None = None
    bursts: int | None = None
    cold_starts: int | None = None
    streams: int | None = None
    balanced_weight: float | None = None


@dataclass(frozen=True)
class RecordedImage:
    """The measured image."""

    ALLOWS_OTHER_KEYS: ClassVar[bool] = True

    reference: str
    engine: str
    container_start_ms: float


@dataclass(frozen=True)
class RecordedMachine:
    """The machine that measured."""

    ALLOWS_OTHER_KEYS: ClassVar[bool] = True

    kernel: str | None = None
    cpu: str | None = None
    cpus: int | None = None
    memory_mb: int | None = None
    limits: str | None = None


@dataclass(frozen=True)
class RecordedMariadb:
    """The settings of the MariaDB of a run on it."""

    ALLOWS_OTHER_KEYS: ClassVar[bool] = True

    version: str


@dataclass(frozen=True)
class RecordedLimits:
    """The stated limits."""

    max_p99_ms: float | None = None
    max_usd_per_month: float | None = None
    requests_per_month: float | None = None


@dataclass(frozen=True)
class RecordedPrices:
    """The region and the dates of the prices of the first report."""

    region: str
    oldest: str
    newest: str


@dataclass(frozen=True)
class RecordedEnvironment:
    """The environment of a run; the files of earlier versions lack keys, and unknown keys are only shown."""

    ALLOWS_OTHER_KEYS: ClassVar[bool] = True

    finished_at: str = ""
    started_at: str = ""
    interrupted: bool = False
    taken_s: float | None = None
    limit_s: float | None = None
    left_out: tuple[str, ...] = ()
    planned_blocks: int = 0
    workload: str = ""
    virtual_users: int = 0
    writes: str = "checked"
    revision: str | None = None
    plan: RecordedPlan | None = None
    limits: RecordedLimits = RecordedLimits()
    prices: RecordedPrices | None = None
    phases: Mapping[str, float] = field(default_factory=dict)
    aa_pairs: tuple[tuple[str, str], ...] = ()
    image: RecordedImage | None = None
    machine: RecordedMachine = RecordedMachine()
    mariadb: RecordedMariadb | None = None
    packages: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    generator: Mapping[str, Any] = field(default_factory=dict)
