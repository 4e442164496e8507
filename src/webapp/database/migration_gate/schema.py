"""What a state of Django's migrations says about the tables, as plain values."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from django.db import connections, models, router
from django.db.migrations.state import ProjectState
from django.db.models.expressions import Value
from django.db.models.fields import AutoFieldMixin

# Of nothing but NULLs, neither true nor false.
_COMPARISONS = {"", "exact", "in", "gt", "gte", "lt", "lte", "range"}


class Default(StrEnum):
    """What PostgreSQL puts into a column that an INSERT does not name."""

    NONE = "none"
    CONSTANT = "constant"
    # An expression, an identity or a generated column.
    COMPUTED = "computed"


class ConstraintKind(StrEnum):
    """What a constraint asks of a row."""

    UNIQUE = "unique"
    CHECK = "check"
    OTHER = "other"


@dataclass(frozen=True)
class Column:
    """A column; `references` is the table of its foreign key, None where no constraint is behind it."""

    type: str
    collation: str | None
    check: str | None
    null: bool
    default: Default
    unique: bool
    indexed: bool
    references: str | None


@dataclass(frozen=True)
class Constraint:
    """A constraint of a table; `lets_null_pass` is whether a NULL in one (unique) or all (check) columns does."""

    name: str
    kind: ConstraintKind
    columns: frozenset[str]
    definition: str
    lets_null_pass: bool


@dataclass(frozen=True)
class Table:
    """A table as migrations made it."""

    model: str
    columns: Mapping[str, Column] = field(default_factory=dict)
    constraints: frozenset[Constraint] = frozenset()
    indexes: frozenset[str] = frozenset()


class SchemaReader:
    """Reads the tables that migrations of `alias` keep, those behind many-to-many fields too."""

    def __init__(self, alias: str) -> None:
        self._alias = alias
        # States share the models that lie between them unchanged, which are nearly all.
        self._tables: dict[type[models.Model], Table] = {}

    def read(self, state: ProjectState) -> dict[str, Table]:
        """By their names in the database."""
        return {
            kept._meta.db_table: self._table(kept)
            for model in state.apps.get_models()
            if model._meta.can_migrate(self._alias) and router.allow_migrate_model(self._alias, model)
            for kept in (model, *_tables_between(model))
        }

    def _table(self, model: type[models.Model]) -> Table:
        if model not in self._tables:
            self._tables[model] = _table(model, self._alias)
        return self._tables[model]


def _tables_between(model: type[models.Model]) -> Iterator[type[models.Model]]:
    # By their fields: a state does not forget the tables of a model that it has deleted.
    for relation in model._meta.local_many_to_many:
        through: Any = relation.remote_field.through
        if through._meta.auto_created:
            yield through


def carry_over(
    before: Mapping[str, Table], after: Mapping[str, Table], schema: Mapping[str, Table]
) -> dict[str, Table]:
    """`schema` with what changes from `before` to `after`.

    It is a third one where earlier operations changed the state without the tables.
    """
    carried = {name: table for name, table in schema.items() if name in after or name not in before}
    for name, table in after.items():
        former = before.get(name, Table(table.model))
        if former == table:
            continue
        present = carried.get(name, Table(table.model))
        carried[name] = replace(
            table,
            columns=_carry_columns(former.columns, table.columns, present.columns),
            constraints=(present.constraints - former.constraints) | table.constraints,
            indexes=(present.indexes - former.indexes) | table.indexes,
        )
    return carried


def _carry_columns(
    before: Mapping[str, Column], after: Mapping[str, Column], columns: Mapping[str, Column]
) -> dict[str, Column]:
    carried = {name: column for name, column in columns.items() if name in after or name not in before}
    return carried | {name: column for name, column in after.items() if before.get(name) != column}


def _table(model: type[models.Model], alias: str) -> Table:
    meta = model._meta
    return Table(
        model=meta.label,
        columns={str(field.column): _column(field, alias) for field in meta.local_concrete_fields},
        constraints=frozenset(_constraints(model)),
        indexes=frozenset(index.name for index in meta.indexes),
    )


def _column(field: Any, alias: str) -> Column:
    parameters = field.db_parameters(connection=connections[alias])
    constrained = bool(field.remote_field) and getattr(field, "db_constraint", False)
    return Column(
        type=parameters["type"],
        collation=parameters.get("collation"),
        check=parameters["check"],
        null=field.null,
        default=_default(field),
        unique=field.unique,
        indexed=field.db_index,
        references=field.remote_field.model._meta.db_table if constrained else None,
    )


def _default(field: Any) -> Default:
    if field.generated or isinstance(field, AutoFieldMixin):
        return Default.COMPUTED
    if not field.has_db_default():
        return Default.NONE
    expression = field.db_default
    constant = not hasattr(expression, "resolve_expression") or isinstance(expression, Value)
    return Default.CONSTANT if constant else Default.COMPUTED


def _constraints(model: type[models.Model]) -> Iterator[Constraint]:
    for names in model._meta.unique_together:
        columns = _columns(model, names)
        yield Constraint(", ".join(names), ConstraintKind.UNIQUE, columns, f"unique {names}", lets_null_pass=True)
    for constraint in model._meta.constraints:
        kind, fields, lets_null_pass = _asked_by(constraint)
        yield Constraint(constraint.name, kind, _columns(model, fields), repr(constraint), lets_null_pass)


def _asked_by(constraint: models.BaseConstraint) -> tuple[ConstraintKind, Iterable[str], bool]:
    if isinstance(constraint, models.UniqueConstraint):
        plain = not constraint.expressions and constraint.nulls_distinct is not False
        return ConstraintKind.UNIQUE, constraint.fields, plain
    if not isinstance(constraint, models.CheckConstraint):
        return ConstraintKind.OTHER, (), False
    condition = constraint.condition
    if not isinstance(condition, models.Q):
        return ConstraintKind.CHECK, (), False
    return ConstraintKind.CHECK, condition.referenced_base_fields, _unknown_when_null(condition)


def _columns(model: type[models.Model], names: Iterable[str]) -> frozenset[str]:
    # A field that is removed leaves its name behind in constraints that the migration does not mention.
    fields = {field.name: str(field.column) for field in model._meta.concrete_fields}
    return frozenset(fields[name] for name in names if name in fields)


def _unknown_when_null(condition: models.Q) -> bool:
    """Whether a check of NULLs alone is neither true nor false, which PostgreSQL lets pass."""
    if condition.negated or condition.connector == models.Q.XOR:
        return False
    return all(
        _unknown_when_null(child) if isinstance(child, models.Q) else _is_comparison(child)
        for child in condition.children
    )


def _is_comparison(child: object) -> bool:
    if not isinstance(child, tuple):
        return False
    name, value = child
    plain_value = value is not None and not hasattr(value, "resolve_expression")
    return plain_value and name.partition("__")[2] in _COMPARISONS
