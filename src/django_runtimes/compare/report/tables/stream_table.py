"""The table of the streams: when their first and their last bytes arrived."""

from collections.abc import Iterator, Sequence
from statistics import median

from django_runtimes.compare.intervals.order_statistics import rank_interval
from django_runtimes.compare.layout.figures import milliseconds, number
from django_runtimes.compare.layout.report_table import ReportTable
from django_runtimes.compare.record.results import Run, TargetResult
from django_runtimes.compare.record.stream_result import StreamResult

_CONFIDENCE = 0.95
_LEGEND = (
    "Each target got one request for a stream at a time, without any other load. The times count from the sending of "
    "the request: to the first byte of the content, and to the last one. They are medians with their 95 % intervals, "
    "which need six answers. KB is the mean size of the content."
)
_BILLED = (
    "Lambda bills the whole stream, until its last chunk has been sent, and does not stop a function whose client has "
    "left. The column has the mean."
)
_EMULATED = (
    "The emulated functions stream through a function URL on this machine. Behind an HTTP API a client gets the first "
    "byte when the last one is ready."
)
_ENDLESS = "A stream that did not end within 30 s was not asked for again."


def stream_table(run: Run) -> ReportTable | None:
    """Return the table, with a row for each stream of each measured target; None without streams."""
    measured = [target for target in run.targets if target.status == "measured" and target.streams]
    if not measured:
        return None
    return ReportTable(
        title="Streams, in ms",
        columns=("target", "label", "stream", "answers", "first byte", "last byte", "KB", "billed ms", "errors"),
        rows=tuple(_row(target, stream) for target in measured for stream in target.streams),
        notes=tuple(_notes(measured)),
    )


def _row(target: TargetResult, stream: StreamResult) -> tuple[str, ...]:
    errors = ", ".join(f"{name} {count:,}" for name, count in stream.errors.items()) or "none"
    return (
        target.name,
        target.label,
        stream.name,
        number(len(stream.last_byte_ms)),
        _median(stream.first_byte_ms),
        _median(stream.last_byte_ms),
        number(stream.size_kb),
        milliseconds(stream.billed_ms),
        errors,
    )


def _median(values_ms: Sequence[float]) -> str:
    """Return the median with its interval by order statistics; "-" without values."""
    if not values_ms:
        return "-"
    text = milliseconds(median(values_ms))
    ranks = rank_interval(len(values_ms), 0.5, confidence=_CONFIDENCE)
    if ranks.low is None or ranks.high is None:
        return text
    ordered = sorted(values_ms)
    return f"{text} ({milliseconds(ordered[ranks.low - 1])} to {milliseconds(ordered[ranks.high - 1])})"


def _notes(targets: Sequence[TargetResult]) -> Iterator[str]:
    yield _LEGEND
    functions = [target for target in targets if target.runtime == "aws_lambda"]
    if any(stream.billed_ms is not None for target in functions for stream in target.streams):
        yield _BILLED
    if any(target.label == "emulated" for target in functions):
        yield _EMULATED
    if any("timeout" in stream.errors for target in targets for stream in target.streams):
        yield _ENDLESS
