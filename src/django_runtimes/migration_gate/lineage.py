"""Tracks tables and columns from one operation to the next, through renames."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from django_runtimes.migration_gate.schema import Column, Table

_NO_TABLE = Table(model="", origin=None)


def carry_over(
    before: Mapping[str, Table], after: Mapping[str, Table], schema: Mapping[str, Table]
) -> dict[str, Table]:
    """Return `schema` with the changes of one operation, from `before` to `after`.

    `schema` differs from `before` where earlier operations changed the state without the tables.
    """
    carried = {name: table for name, table in schema.items() if name in after or name not in before}
    former_names = _former_names(before, after)
    for name, table in after.items():
        former_name = former_names.get(name, "")
        former, present = before.get(former_name, _NO_TABLE), schema.get(former_name, _NO_TABLE)
        if former == table:
            continue
        carried[name] = replace(
            table,
            origin=present.origin,
            columns=_carry_columns(former.columns, table.columns, present.columns),
            uniques=(present.uniques - former.uniques) | table.uniques,
            checks=(present.checks - former.checks) | table.checks,
            indexes=(present.indexes - former.indexes) | table.indexes,
        )
    return carried


def _carry_columns(
    before: Mapping[str, Column], after: Mapping[str, Column], columns: Mapping[str, Column]
) -> dict[str, Column]:
    carried = {name: column for name, column in columns.items() if name in after or name not in before}
    former_names = _former_names(before, after)
    for name, column in after.items():
        if before.get(name) != column:
            former = columns.get(former_names.get(name, ""))
            carried[name] = replace(column, origin=former.origin if former else None)
    return carried


def _former_names(before: Collection[str], after: Collection[str]) -> dict[str, str]:
    """Map each name in `after`, except new ones, to its former name."""
    gone = [name for name in before if name not in after]
    come = [name for name in after if name not in before]
    # No operation drops one name and creates another, so such a pair is a rename. Renames keep the order.
    return {name: name for name in after if name in before} | dict(zip(come, gone, strict=False))
