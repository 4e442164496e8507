"""Finds the operations that lock a large table while they read or write all of it."""

from collections.abc import Iterator, Mapping

from django_runtimes.migration_gate.column_types import rewrites
from django_runtimes.migration_gate.complaints import Complaint
from django_runtimes.migration_gate.kind import Kind
from django_runtimes.migration_gate.schema import Column, Default, Table

# PostgreSQL works through smaller tables within about a second.
LARGE_TABLE_BYTES = 100_000_000
_MEGABYTE = 1_000_000
# PostgreSQL writes only these defaults of a new column into the existing rows.
_WRITTEN = (Default.COMPUTED, Default.DISTINCT, Default.GENERATED)


def waits(before: Mapping[str, Table], after: Mapping[str, Table], sizes: Mapping[str, int]) -> list[Complaint]:
    """Return a complaint for each piece of work that takes long because the table is large; `sizes` are in bytes."""
    return [
        Complaint(kind, f"{name} holds {size // _MEGABYTE:,} MB, and no session can write to it until {work}")
        for name, size in sizes.items()
        if size >= LARGE_TABLE_BYTES and name in before and name in after
        for kind, work in _work(before[name], after[name])
    ]


def _work(before: Table, after: Table) -> Iterator[tuple[Kind, str]]:
    for name, column in after.columns.items():
        for kind, work in _column_work(before.columns.get(name), column):
            yield kind, f"{work} for column {name}"
    for unique in sorted(after.uniques - before.uniques, key=lambda unique: unique.name):
        yield Kind.BUILDS_INDEX, f"the index of {unique.name} is built"
    for check in sorted(after.checks - before.checks, key=lambda check: check.name):
        if check.builds_index:
            yield Kind.BUILDS_INDEX, f"the index of {check.name} is built"
        else:
            yield Kind.READS_ALL, f"every row is checked by {check.name}"
    for index in sorted(after.indexes - before.indexes):
        yield Kind.BUILDS_INDEX, f"index {index} is built"


def _column_work(before: Column | None, after: Column) -> Iterator[tuple[Kind, str]]:
    if before is None:
        if after.default in _WRITTEN:
            yield Kind.WRITES_ALL, "every row has its value"
        if after.indexed:
            yield Kind.BUILDS_INDEX, "the index is built"
        return
    if rewrites(before.type, after.type):
        yield Kind.WRITES_ALL, "every row is rewritten"
    if after.indexed and not before.indexed:
        yield Kind.BUILDS_INDEX, "the index is built"
    checked = (before.null and not after.null) or (after.check and after.check != before.check)
    if checked or (after.references and after.references != before.references):
        yield Kind.READS_ALL, "every row is checked"
