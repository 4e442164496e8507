"""The messages between master and workers: a block to send, and its measurements."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from django_runtimes.compare.distributed.timed_report import TimedReport
from django_runtimes.compare.load.block import Block
from django_runtimes.compare.load.histogram import LatencyHistogram
from django_runtimes.compare.workload.workload import Exchange, RequestTemplate, Session

BLOCK, REPORT = "webapp_block", "webapp_report"


@dataclass(frozen=True)
class BlockCommand:
    """A worker's part of a block; `number` identifies the block, and `worker` the worker, from 0.

    `headers` are the texts of --header, which each worker fills in from its own environment.
    """

    number: int
    worker: int
    run_id: str
    target: str
    target_index: int
    url: str
    headers: tuple[str, ...]
    requests: tuple[RequestTemplate, ...]
    session: Session | None
    rate_rps: float
    duration_s: float
    seed: int

    def message(self) -> dict[str, Any]:
        """Return the command as values that msgpack encodes."""
        return asdict(self)

    @classmethod
    def of_message(cls, values: Mapping[str, Any]) -> Self:
        """Return the command of a message."""
        session = values["session"]
        return cls(
            **{
                **values,
                "headers": tuple(values["headers"]),
                "requests": tuple(RequestTemplate(**request) for request in values["requests"]),
                "session": None
                if session is None
                else Session(
                    **{
                        **session,
                        "users": tuple(session["users"]),
                        "steps": tuple(Exchange(**step) for step in session["steps"]),
                    }
                ),
            }
        )


@dataclass(frozen=True)
class BlockReport:
    """A worker's measurements of its part of a block; `error` says why it could not send it.

    `acknowledged` and `ambiguous` count the worker's writes to the target since the start of the run.
    `reports` are those of the processes that answered in the block.
    """

    number: int
    worker: int
    block: Block | None = None
    acknowledged: int = 0
    ambiguous: int = 0
    reports: tuple[TimedReport, ...] = ()
    error: str | None = None

    def message(self) -> dict[str, Any]:
        """Return the report as values that msgpack encodes; histograms keep all their counts."""
        block = self.block
        values = {**vars(self), "block": None, "reports": [vars(each) for each in self.reports]}
        if block is not None:
            values["block"] = {
                **vars(block),
                "errors": dict(block.errors),
                "latency": block.latency.encoded(),
                "latency_from_send": block.latency_from_send.encoded(),
            }
        return values

    @classmethod
    def of_message(cls, values: Mapping[str, Any]) -> Self:
        """Return the report of a message."""
        block = values["block"]
        if block is not None:
            histograms = {name: LatencyHistogram.decoded(block[name]) for name in ("latency", "latency_from_send")}
            block = Block(**{**block, **histograms})
        reports = tuple(TimedReport(**each) for each in values["reports"])
        return cls(**{**values, "block": block, "reports": reports})


def merged_block(blocks: Sequence[Block]) -> Block:
    """Return the block that all workers sent together; it is void if one worker's part is."""
    errors: Counter[str] = Counter()
    for block in blocks:
        errors.update(block.errors)
    return Block(
        sent=sum(block.sent for block in blocks),
        late=sum(block.late for block in blocks),
        ok=sum(block.ok for block in blocks),
        errors=dict(sorted(errors.items())),
        latency=LatencyHistogram.merged(block.latency for block in blocks),
        latency_from_send=LatencyHistogram.merged(block.latency_from_send for block in blocks),
        duration_s=max(block.duration_s for block in blocks),
        void=next((block.void for block in blocks if block.void is not None), None),
        first_wrong=next((block.first_wrong for block in blocks if block.first_wrong is not None), None),
    )
