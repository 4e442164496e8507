"""Compares the tables after a migration with those that the running version relies on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django_runtimes.migration_gate.column_types import holds_all_of, is_narrower
from django_runtimes.migration_gate.constraints import Check, Unique
from django_runtimes.migration_gate.kind import Kind
from django_runtimes.migration_gate.schema import Column, Default, Reference, Table


@dataclass(frozen=True)
class Complaint:
    """One effect of a migration on the running version."""

    kind: Kind
    reason: str


def complaints(running: Mapping[str, Table], present: Mapping[str, Table]) -> list[Complaint]:
    """Return every way in which the migrated tables (`present`) may break the version that relies on `running`."""
    found = [complaint for name in running for complaint in _of_table(name, running, present)]
    return [*found, *_references(running, present)]


def _of_table(name: str, running: Mapping[str, Table], present: Mapping[str, Table]) -> Iterator[Complaint]:
    table, now = running[name], present.get(name)
    if now is None or now.origin != name:
        yield Complaint(Kind.TABLE_GONE, f"table {name} is gone, and the running version stores {table.model} there")
        return
    for column_name, column in table.columns.items():
        place = f"{name}.{column_name}"
        present_column = now.columns.get(column_name)
        if present_column is None or present_column.origin != column_name:
            reason = f"column {place} is gone, and the running version names it in every SELECT and INSERT"
            yield Complaint(Kind.COLUMN_GONE, reason)
        if present_column is not None:
            yield from _of_known_column(place, column, present_column, present)
    for column_name, column in now.columns.items():
        if column_name not in table.columns:
            yield from _of_new_column(f"{name}.{column_name}", column)
    yield from _of_uniques(name, table, now)
    for check in sorted(now.checks, key=lambda check: check.name):
        known = any(former.implies(check) for former in table.checks)
        if not known and not _lets_new_columns_pass(check, table, now):
            reason = f"rows of {name} must meet {check.name}, and the running version may write rows that do not"
            yield Complaint(Kind.CHECK, reason)


def _of_known_column(place: str, former: Column, now: Column, present: Mapping[str, Table]) -> Iterator[Complaint]:
    if not holds_all_of(former.type, now.type):
        narrower = is_narrower(former.type, now.type)
        kind = Kind.NARROWER_TYPE if narrower else Kind.OTHER_TYPE
        does = "writes values that no longer fit" if narrower else "reads and writes the old type"
        yield Complaint(kind, f"{place} becomes {now.type} instead of {former.type}, and the running version {does}")
    if former.collation != now.collation:
        reason = (
            f"{place} gets collation {now.collation} instead of {former.collation}: LIKE may fail, and the order of "
            "rows may change"
        )
        yield Complaint(Kind.COLLATION, reason)
    if former.null and not now.null:
        yield Complaint(Kind.NOT_NULL, f"{place} becomes NOT NULL, and the running version may write NULL there")
    elif former.default is not Default.NONE and now.default is Default.NONE and not now.null:
        reason = f"{place} loses its default in the database, and the running version's INSERT relies on it"
        yield Complaint(Kind.DEFAULT_GONE, reason)
    if now.check and now.check != former.check:
        yield Complaint(Kind.CHECK, f"{place} must meet {now.check}, and the running version may write other values")
    if now.references and _in_running_words(now.references, present) != former.references:
        target = f"{now.references.table}.{now.references.column}"
        reason = f"{place} must refer to an existing {target}, and the running version may write any value"
        yield Complaint(Kind.FOREIGN_KEY, reason)


def _in_running_words(reference: Reference, present: Mapping[str, Table]) -> Reference | None:
    """Return the reference under the running version's names, or None if that version lacks the column."""
    table = present.get(reference.table)
    if table is None:
        # No migration manages this table, so its name does not change.
        return reference
    column = table.columns.get(reference.column)
    if table.origin is None or column is None or column.origin is None:
        return None
    return Reference(table.origin, column.origin)


def _of_new_column(place: str, column: Column) -> Iterator[Complaint]:
    if not column.null and column.default is Default.NONE:
        reason = (
            f"column {place} is NOT NULL without a default in the database (Django drops its own after adding the "
            "column), and the running version's INSERT does not name it"
        )
        yield Complaint(Kind.NO_VALUE, reason)


def _of_uniques(name: str, table: Table, now: Table) -> Iterator[Complaint]:
    for unique in sorted(now.uniques, key=lambda unique: unique.name):
        if not any(former.implies(unique) for former in table.uniques):
            yield from _of_new_unique(name, unique, table, now)
    for unique in sorted(table.uniques, key=lambda unique: unique.name):
        serving = (each for each in now.uniques if each.decides_conflicts and each.keys == unique.keys)
        if unique.decides_conflicts and next(serving, None) is None:
            reason = (
                f"rows of {name} are no longer unique by {unique.name}, which the running version's ON CONFLICT may "
                "name (bulk_create with update_conflicts)"
            )
            yield Complaint(Kind.UNIQUE_GONE, reason)


def _of_new_unique(name: str, unique: Unique, table: Table, now: Table) -> Iterator[Complaint]:
    # Other columns come from raw SQL, which the gate cannot judge.
    new = [now.columns[key] for key in unique.keys if key in now.columns and key not in table.columns]
    left_null = any(column.null and column.default is Default.NONE for column in new)
    if (left_null and unique.nulls_distinct) or any(column.default is Default.DISTINCT for column in new):
        return
    constant = [column for column in new if column.default is Default.CONSTANT]
    if len(constant) == len(unique.keys) and unique.condition is None:
        reason = f"every INSERT of the running version gives {name} the same {unique.name}, which must be unique"
        yield Complaint(Kind.SAME_VALUE, reason)
    else:
        reason = f"rows of {name} must be unique by {unique.name}, and the running version may write duplicates"
        yield Complaint(Kind.UNIQUE, reason)


def _lets_new_columns_pass(check: Check, table: Table, now: Table) -> bool:
    """Return whether the check passes for NULL in the columns that the running version lacks."""
    left_null = {
        name
        # Other columns come from raw SQL, which the gate cannot judge.
        for name in (check.columns & now.columns.keys()) - table.columns.keys()
        if now.columns[name].null and now.columns[name].default is Default.NONE
    }
    return bool(left_null) and check.lets_null_pass and left_null == check.columns


def _references(running: Mapping[str, Table], present: Mapping[str, Table]) -> Iterator[Complaint]:
    for name, table in present.items():
        known = running[name].columns if name in running else {}
        for column_name, column in table.columns.items():
            if column_name not in known and column.references and column.references.table in running:
                reason = (
                    f"{name}.{column_name} refers to {column.references.table}: the running version cannot delete "
                    "rows there while the new version refers to them"
                )
                yield Complaint(Kind.UNKNOWN_REFERENCE, reason)
