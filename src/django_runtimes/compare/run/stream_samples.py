"""The answers of a target to one stream of the workload, while it is measured."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean

from django_runtimes.compare.load.block import TIMEOUT
from django_runtimes.compare.load.streamed_outcome import StreamedOutcome
from django_runtimes.compare.record.stream_result import StreamResult

_BYTES_PER_KB = 1_000


@dataclass
class StreamSamples:
    """The times of the complete answers, and the number of the others."""

    answers: list[StreamedOutcome] = field(default_factory=list)
    billed_ms: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    def add(self, streamed: StreamedOutcome, billed_ms: Sequence[float]) -> None:
        """Add an answer, and the durations that Lambda would bill for it; both are unknown after an error."""
        error = streamed.outcome.error
        if error is not None:
            self.errors[error] += 1
            return
        self.answers.append(streamed)
        self.billed_ms += billed_ms

    @property
    def is_endless(self) -> bool:
        """Whether an answer did not end in time, so that another one would take as long."""
        return TIMEOUT in self.errors

    @property
    def mean_s(self) -> float | None:
        """The mean duration of a stream: as billed, or else until the client had the last byte."""
        durations_ms = self.billed_ms or [each.outcome.latency_ms for each in self.answers]
        return fmean(durations_ms) / 1_000 if durations_ms else None

    @property
    def mean_kb(self) -> float | None:
        """The mean size of an answer."""
        return fmean(each.size_bytes for each in self.answers) / _BYTES_PER_KB if self.answers else None

    def result(self, name: str) -> StreamResult:
        """Return the result of the stream with this name."""
        return StreamResult(
            name=name,
            sent=len(self.answers) + self.errors.total(),
            errors=dict(sorted(self.errors.items())),
            first_byte_ms=tuple(round(each.first_byte_ms, 3) for each in self.answers),
            last_byte_ms=tuple(round(each.outcome.latency_ms, 3) for each in self.answers),
            size_kb=None if self.mean_kb is None else round(self.mean_kb, 3),
            billed_ms=round(fmean(self.billed_ms), 3) if self.billed_ms else None,
        )
