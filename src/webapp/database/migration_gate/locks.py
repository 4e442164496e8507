"""For how long one operation keeps others from a table: work that grows with the table's size."""

from collections.abc import Iterator, Mapping

from webapp.database.migration_gate.column_types import rewrites
from webapp.database.migration_gate.complaints import Complaint
from webapp.database.migration_gate.kind import Kind
from webapp.database.migration_gate.schema import Column, ConstraintKind, Default, Table

# About a second of work. Below it, nobody notices.
LARGE_TABLE_BYTES = 100_000_000
_MEGABYTE = 1_000_000


def waits(before: Mapping[str, Table], after: Mapping[str, Table], sizes: Mapping[str, int]) -> list[Complaint]:
    """What takes long in the tables that are large by `sizes`, in bytes."""
    return [
        Complaint(kind, f"{name} has {size // _MEGABYTE:,} MB, and nobody writes it until {work}")
        for name, size in sizes.items()
        if size >= LARGE_TABLE_BYTES and name in before and name in after
        for kind, work in _work(before[name], after[name])
    ]


def _work(before: Table, after: Table) -> Iterator[tuple[Kind, str]]:
    for name, column in after.columns.items():
        for kind, work in _column_work(before.columns.get(name), column):
            yield kind, f"{work} for column {name}"
    for constraint in sorted(after.constraints - before.constraints, key=lambda constraint: constraint.name):
        if constraint.kind is ConstraintKind.CHECK:
            yield Kind.READS_ALL, f"every row is checked by {constraint.name}"
        else:
            yield Kind.BUILDS_INDEX, f"the index of {constraint.name} is built"
    for index in sorted(after.indexes - before.indexes):
        yield Kind.BUILDS_INDEX, f"index {index} is built"


def _column_work(before: Column | None, after: Column) -> Iterator[tuple[Kind, str]]:
    if before is None:
        if after.default is Default.COMPUTED:
            yield Kind.WRITES_ALL, "every row has its value"
        if after.indexed or after.unique:
            yield Kind.BUILDS_INDEX, "the index is built"
        return
    if rewrites(before.type, after.type):
        yield Kind.WRITES_ALL, "every row is written anew"
    if (after.unique and not before.unique) or (after.indexed and not before.indexed):
        yield Kind.BUILDS_INDEX, "the index is built"
    checked = (before.null and not after.null) or (after.check and after.check != before.check)
    if checked or (after.references and after.references != before.references):
        yield Kind.READS_ALL, "every row is checked"
