"""The results of a comparison, and their file run.json (schema 2)."""

import json
import os
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.load.block import Block
from django_runtimes.compare.load.histogram import LatencyHistogram
from django_runtimes.compare.record.capacity import Capacity
from django_runtimes.compare.record.claim_result import ClaimResult
from django_runtimes.compare.record.diagnosis import Diagnosis
from django_runtimes.compare.record.pin_counts import PinCounts
from django_runtimes.compare.record.resource_use import ResourceUse
from django_runtimes.compare.record.stream_result import StreamResult
from django_runtimes.compare.record.timeline import BackendTimeline
from django_runtimes.compare.targets.cold_starts import ColdStarts

SCHEMA = 2
FILE_NAME = "run.json"


@dataclass(frozen=True)
class Latency:
    """Percentiles of `n` samples in ms; p99 is None below 1,000 samples, and all are None without samples."""

    n: int
    p50: float | None
    p90: float | None
    p99: float | None
    max: float | None


@dataclass(frozen=True)
class ConnectionCounts:
    """The backends of a database: sampled peak and mean (a lower bound), and the number opened.

    Unknown values are None.
    """

    peak: int | None
    mean: float | None
    opened: int | None
    # The waits for a connection of the proxy or the pool in the steady load. Files of earlier versions have only the
    # mean, over the whole run.
    mean_wait_ms: float | None = None
    p99_wait_ms: float | None = None
    waits: int | None = None


@dataclass(frozen=True)
class BlockResult:
    """A block as saved in run.json; blocks with the same `index` were interleaved.

    The latencies in `histogram` count from the moment a request was due, those in `histogram_from_send` from its
    sending.
    """

    index: int
    sent: int
    late: int
    ok: int
    duration_s: float
    p50_ms: float | None
    void: str | None
    histogram: str
    histogram_from_send: str
    # The mean number of CPUs that processes outside of the run kept busy; unknown in the files of earlier versions.
    other_cpus: float | None = None


@dataclass(frozen=True)
class ScenarioResult:
    """A scenario at one rate, which is None for bursts.

    The counts include all blocks. `latency_ms` leaves out void blocks, unless all are void.
    """

    name: str
    rate_rps: float | None
    sent: int
    late: int
    ok: int
    errors: Mapping[str, int]
    latency_ms: Latency
    connections: ConnectionCounts
    void_blocks: int
    blocks: tuple[BlockResult, ...]

    @property
    def is_void(self) -> bool:
        """Whether all blocks are void, so that the latencies prove nothing."""
        return 0 < self.void_blocks == len(self.blocks)

    @property
    def goodput_rps(self) -> float | None:
        """The expected answers per second; None without blocks."""
        if self.rate_rps is not None:
            # In short blocks a Poisson process sends more or fewer requests than its rate implies.
            return self.rate_rps * self.ok / self.sent if self.sent else None
        duration_s = sum(block.duration_s for block in self.blocks)
        return self.ok / duration_s if duration_s else None

    @classmethod
    def of_blocks(
        cls,
        name: str,
        rate_rps: float | None,
        blocks: Mapping[int, Block],
        connections: ConnectionCounts,
    ) -> "ScenarioResult":
        """Merge all blocks of a scenario; `blocks` maps a block's index in the run to the block."""
        errors: Counter[str] = Counter()
        for block in blocks.values():
            errors.update(block.errors)
        counted = [block for block in blocks.values() if block.void is None] or list(blocks.values())
        merged = LatencyHistogram.merged(block.latency for block in counted)
        return cls(
            name=name,
            rate_rps=rate_rps,
            sent=sum(block.sent for block in blocks.values()),
            late=sum(block.late for block in blocks.values()),
            ok=sum(block.ok for block in blocks.values()),
            errors=dict(sorted(errors.items())),
            latency_ms=Latency(merged.count, merged.p50_ms, merged.p90_ms, merged.p99_ms, merged.max_ms),
            connections=connections,
            void_blocks=sum(block.void is not None for block in blocks.values()),
            blocks=tuple(
                BlockResult(
                    index=index,
                    sent=block.sent,
                    late=block.late,
                    ok=block.ok,
                    duration_s=round(block.duration_s, 3),
                    p50_ms=block.latency.p50_ms,
                    void=block.void,
                    histogram=block.latency.encoded(),
                    histogram_from_send=block.latency_from_send.encoded(),
                    other_cpus=block.other_cpus,
                )
                for index, block in sorted(blocks.items())
            ),
        )


@dataclass(frozen=True)
class Ambiguous:
    """The number of writes without the expected answer, and how many left a row (None if rows were not read)."""

    sent: int
    committed: int | None


@dataclass(frozen=True)
class TargetResult:
    """The results of one target; if its `status` is "failed", `error` has the cause and the remedy.

    `transactions` counts all transactions of its database, including those of its start; None if not counted.
    `capacities` has each scenario's capacity if the run searched for it.
    """

    name: str
    runtime: str
    strategy: str
    route: str
    label: str
    status: Literal["measured", "failed"]
    error: str | None
    scenarios: tuple[ScenarioResult, ...]
    cold_start_ms: ColdStarts
    connections: ConnectionCounts
    acknowledged_writes: int
    ambiguous: Ambiguous
    rows_found: int | None
    notes: tuple[str, ...] = ()
    diagnosis: Diagnosis | None = None
    transactions: int | None = None
    # The values measured for the target's bill, by KEY of `webapp cost --set` and in the KEY's unit.
    usage: Mapping[str, float] = field(default_factory=dict)
    capacities: Mapping[str, Capacity] = field(default_factory=dict)
    # Unknown in the files of earlier versions.
    resources: ResourceUse = field(default_factory=ResourceUse)
    # Unknown in the files of earlier versions, and for deployed targets.
    pins: PinCounts | None = None
    # The sampled backends over the whole run; empty in the files of earlier versions.
    backends: BackendTimeline = field(default_factory=BackendTimeline)
    # Empty without streams in the workload, and in the files of earlier versions.
    streams: tuple[StreamResult, ...] = ()

    @property
    def reaches_database(self) -> bool:
        """Whether the database had at least half as many transactions as requests.

        True if the transactions were not counted.
        """
        sent = sum(scenario.sent for scenario in self.scenarios)
        return self.transactions is None or sent == 0 or self.transactions >= sent / 2

    @classmethod
    def failed(cls, *, name: str, runtime: str, strategy: str, route: str, label: str, error: str) -> "TargetResult":
        """Return the result of a target without measurements."""
        return cls(
            name=name,
            runtime=runtime,
            strategy=strategy,
            route=route,
            label=label,
            status="failed",
            error=error,
            scenarios=(),
            cold_start_ms=ColdStarts.of_phases((), ()),
            connections=ConnectionCounts(peak=None, mean=None, opened=None),
            acknowledged_writes=0,
            ambiguous=Ambiguous(sent=0, committed=0),
            rows_found=0,
        )


@dataclass(frozen=True)
class Run:
    """One comparison; `environment` has the facts that a reader needs to judge or repeat it."""

    environment: Mapping[str, Any]
    targets: tuple[TargetResult, ...]
    # Tested by --claims; empty in a comparison and in files of earlier versions.
    claims: tuple[ClaimResult, ...] = ()

    def to_json(self) -> str:
        """Return the text of run.json."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Run":
        """Parse the text of run.json; raise CompareError for another format or schema."""
        try:
            values = json.loads(text)
            schema = values["schema"]
            if schema != SCHEMA:
                raise CompareError(f"{FILE_NAME} has schema {schema!r}; this version reads only schema {SCHEMA}")
            return cls(
                values["environment"],
                tuple(_target(target) for target in values["targets"]),
                tuple(ClaimResult.of_json(claim) for claim in values.get("claims", ())),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise CompareError(
                f"{FILE_NAME} is not a file of `webapp compare` ({type(error).__name__}: {error}); "
                f"use the file of a finished run"
            ) from error

    def save(self, directory: Path) -> Path:
        """Write run.json into an existing directory, completely or not at all."""
        return write_whole(directory / FILE_NAME, self.to_json())


def write_whole(path: Path, text: str) -> Path:
    """Write a file completely or not at all."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        # mkstemp gives access only to the owner, but other users may read a report.
        unfinished.chmod(0o644)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def _target(values: Mapping[str, Any]) -> TargetResult:
    cold_starts, diagnosis = ColdStarts.of_json(values["cold_start_ms"]), values.get("diagnosis")
    pins = values.get("pins")
    return TargetResult(
        **{
            **values,
            "scenarios": tuple(_scenario(scenario) for scenario in values["scenarios"]),
            "cold_start_ms": cold_starts,
            "connections": ConnectionCounts(**values["connections"]),
            "ambiguous": Ambiguous(**values["ambiguous"]),
            "notes": tuple(values["notes"]),
            "capacities": {name: Capacity(**capacity) for name, capacity in values["capacities"].items()},
            "pins": None if pins is None else PinCounts.of_json(pins),
            "resources": ResourceUse(**values.get("resources", {})),
            "backends": BackendTimeline.of_json(values.get("backends", {})),
            "streams": tuple(StreamResult.of_json(stream) for stream in values.get("streams", ())),
            "diagnosis": None if diagnosis is None else Diagnosis.of_json(diagnosis),
        }
    )


def _scenario(values: Mapping[str, Any]) -> ScenarioResult:
    return ScenarioResult(
        **{
            **values,
            "latency_ms": Latency(**values["latency_ms"]),
            "connections": ConnectionCounts(**values["connections"]),
            "blocks": tuple(BlockResult(**block) for block in values["blocks"]),
        }
    )
