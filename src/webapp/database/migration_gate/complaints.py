"""What the running version would complain about, were the tables as they are to be."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from webapp.database.migration_gate.column_types import holds_all_of, is_narrower
from webapp.database.migration_gate.kind import Kind
from webapp.database.migration_gate.schema import Column, Constraint, ConstraintKind, Default, Table


@dataclass(frozen=True)
class Complaint:
    """One thing that stands in the way."""

    kind: Kind
    reason: str


def complaints(running: Mapping[str, Table], present: Mapping[str, Table]) -> list[Complaint]:
    """All that the version whose tables are `running` has against the tables `present`."""
    found = [complaint for name in running for complaint in _of_table(name, running, present)]
    return [*found, *_references(running, present)]


def _of_table(name: str, running: Mapping[str, Table], present: Mapping[str, Table]) -> Iterator[Complaint]:
    table, now = running[name], present.get(name)
    if now is None:
        yield Complaint(Kind.TABLE_GONE, f"table {name} is gone, and the running version has {table.model} in it")
        return
    for column_name, column in table.columns.items():
        place = f"{name}.{column_name}"
        if column_name not in now.columns:
            reason = f"column {place} is gone, and the running version names it in every SELECT and INSERT"
            yield Complaint(Kind.COLUMN_GONE, reason)
        else:
            yield from _of_known_column(place, column, now.columns[column_name], present)
    for column_name, column in now.columns.items():
        if column_name not in table.columns:
            yield from _of_new_column(f"{name}.{column_name}", column)
    for constraint in sorted(now.constraints - table.constraints, key=lambda constraint: constraint.name):
        if not _passes(constraint, table, now):
            yield _of_constraint(name, constraint)


def _of_known_column(place: str, former: Column, now: Column, present: Mapping[str, Table]) -> Iterator[Complaint]:
    if not holds_all_of(former.type, now.type):
        narrower = is_narrower(former.type, now.type)
        kind = Kind.NARROWER_TYPE if narrower else Kind.OTHER_TYPE
        does = "writes what no longer fits" if narrower else "reads and writes the former"
        yield Complaint(kind, f"{place} becomes {now.type}, was {former.type}, and the running version {does}")
    if former.collation != now.collation:
        reason = f"{place} has collation {now.collation}, was {former.collation}: LIKE may fail, and order change"
        yield Complaint(Kind.COLLATION, reason)
    if former.null and not now.null:
        yield Complaint(Kind.NOT_NULL, f"{place} becomes NOT NULL, and the running version may write NULL there")
    elif former.default is not Default.NONE and now.default is Default.NONE and not now.null:
        reason = f"{place} is no longer filled in by the database, on which the running version's INSERT relies"
        yield Complaint(Kind.DEFAULT_GONE, reason)
    if now.unique and not former.unique:
        yield Complaint(Kind.UNIQUE, f"{place} becomes unique, and the running version may write a value twice")
    if now.check and now.check != former.check:
        yield Complaint(Kind.CHECK, f"{place} has to meet {now.check}, which the running version does not know")
    # A table that has another name is a complaint of its own.
    target_renamed = former.references is not None and former.references not in present
    if now.references and now.references != former.references and not target_renamed:
        reason = f"{place} has to refer to a row of {now.references}, and the running version may write any value"
        yield Complaint(Kind.FOREIGN_KEY, reason)


def _of_new_column(place: str, column: Column) -> Iterator[Complaint]:
    if not column.null and column.default is Default.NONE:
        reason = (
            f"column {place} is NOT NULL without a default in the database (Django drops its own after adding the "
            "column), and the running version's INSERT does not name it"
        )
        yield Complaint(Kind.NO_VALUE, reason)
    if column.unique and column.default is Default.CONSTANT:
        reason = f"column {place} is unique, and every INSERT of the running version leaves the same default there"
        yield Complaint(Kind.SAME_VALUE, reason)


def _passes(constraint: Constraint, former: Table, now: Table) -> bool:
    """Whether every row of the running version meets it, since that leaves NULL in columns it does not know."""
    left_null = {
        name
        # Others came by SQL, which nobody can judge.
        for name in (constraint.columns & now.columns.keys()) - former.columns.keys()
        if now.columns[name].null and now.columns[name].default is Default.NONE
    }
    if not constraint.lets_null_pass or not left_null:
        return False
    return constraint.kind is ConstraintKind.UNIQUE or left_null == constraint.columns


def _of_constraint(table: str, constraint: Constraint) -> Complaint:
    kind = Kind.UNIQUE if constraint.kind is ConstraintKind.UNIQUE else Kind.CHECK
    reason = f"rows of {table} have to meet {constraint.kind} constraint {constraint.name}, and the running version may"
    return Complaint(kind, f"{reason} write others")


def _references(running: Mapping[str, Table], present: Mapping[str, Table]) -> Iterator[Complaint]:
    for name, table in present.items():
        known = running[name].columns if name in running else {}
        for column_name, column in table.columns.items():
            if column_name not in known and column.references in running:
                reason = (
                    f"{name}.{column_name} refers to {column.references}: the running version cannot delete "
                    "a row there that the new one refers to"
                )
                yield Complaint(Kind.UNKNOWN_REFERENCE, reason)
