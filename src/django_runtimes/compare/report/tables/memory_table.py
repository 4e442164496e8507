"""The table and the sentence on the memory sizes of a function."""

from collections.abc import Iterator, Sequence

from django_runtimes.compare.cost.memory_tuning import MemoryPoint, MemoryTuning
from django_runtimes.compare.layout.figures import milliseconds, ratio
from django_runtimes.compare.layout.report_table import ReportTable


def memory_table(tuning: MemoryTuning, machine_cpus: int | None) -> ReportTable:
    """Return a row for each memory size; `machine_cpus` is the number of CPUs of the machine that measured."""
    return ReportTable(
        title=f"Memory of {tuning.target}: cost against speed, emulated",
        columns=("target", "MB", "vCPU", "mean duration in ms", "USD per million", "choice"),
        rows=tuple(_cells(tuning, point) for point in tuning.points),
        notes=(
            f"Emulated: each execution environment had MB / 1,769 of a CPU of this machine. The duration is the "
            "handler's mean under the steady load, which Lambda bills, and USD pay for it and for the share of cold "
            f"starts, without the parts of the bill that do not depend on the memory. Balanced minimizes "
            f"{float(tuning.weight):g} x cost + {float(1 - tuning.weight):g} x duration, each as a share of the "
            "highest one (--balanced-weight).",
            *_capped(tuning.points, machine_cpus),
            *(("* Not verified: the price of a GB-second.",) if any(point.mark for point in tuning.points) else ()),
        ),
    )


def memory_sentences(tunings: Sequence[MemoryTuning]) -> Iterator[str]:
    """Yield a sentence with the cheapest, the balanced and the fastest size of each function."""
    for tuning in tunings:
        omitted = f" Left out: {tuning.left_out}." if tuning.left_out else ""
        if not tuning.eligible:
            yield f"{tuning.target}, emulated: no memory size is chosen.{omitted}"
            continue
        cheapest, fastest, balanced = tuning.cheapest, tuning.fastest, tuning.balanced
        if cheapest == fastest:
            # It is the balanced one with any weight.
            yield f"{tuning.target}, emulated: {_size(cheapest)} is the cheapest and the fastest memory size.{omitted}"
            continue
        yield (
            f"{tuning.target}, emulated: the cheapest memory size is {_size(cheapest)}, the fastest {_size(fastest)}, "
            f"and the balanced one with weight {float(tuning.weight):g} {_size(balanced)}.{omitted}"
        )


def _size(point: MemoryPoint) -> str:
    duration = milliseconds(float(point.duration_ms))
    return f"{point.memory_mb:,} MB ({duration} ms, USD {point.usd_text} per million requests)"


def _cells(tuning: MemoryTuning, point: MemoryPoint) -> tuple[str, ...]:
    return (
        point.name,
        f"{point.memory_mb:,}",
        ratio(point.vcpus),
        milliseconds(float(point.duration_ms)),
        point.usd_text,
        ", ".join(tuning.roles(point)),
    )


def _capped(points: Sequence[MemoryPoint], machine_cpus: int | None) -> Iterator[str]:
    larger = [f"{point.memory_mb:,} MB" for point in points if machine_cpus is not None and point.vcpus > machine_cpus]
    if larger:
        yield f"This machine has only {machine_cpus} CPUs, fewer than Lambda grants with {' and '.join(larger)}."
