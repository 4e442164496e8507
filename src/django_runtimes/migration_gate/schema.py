"""Describes the tables in a state of Django's migrations as plain values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.contrib.postgres.functions import RandomUUID
from django.db import connections, models, router
from django.db.migrations.state import ProjectState
from django.db.models.expressions import Value
from django.db.models.fields import AutoFieldMixin

from django_runtimes.migration_gate.constraints import Check, Unique, checks_of, uniques_of


class Default(StrEnum):
    """The value of a column that an INSERT does not name."""

    NONE = "none"
    CONSTANT = "constant"
    # The value of an expression, which may be the same in each row.
    COMPUTED = "computed"
    # An identity or a random UUID, which differs in each row.
    DISTINCT = "distinct"
    # A value computed from other columns of the row.
    GENERATED = "generated"


@dataclass(frozen=True)
class Reference:
    """The target of a foreign key."""

    table: str
    column: str


@dataclass(frozen=True)
class Column:
    """A column; `references` is None for a foreign key without a constraint."""

    # The column's name in the running version; None for a newer column, even if an older column had the same name.
    origin: str | None
    type: str
    collation: str | None
    check: str | None
    null: bool
    default: Default
    indexed: bool
    references: Reference | None


@dataclass(frozen=True)
class Table:
    """A table of a model; `origin` is its name in the running version, as in Column."""

    model: str
    origin: str | None
    columns: Mapping[str, Column] = field(default_factory=dict)
    uniques: frozenset[Unique] = frozenset()
    checks: frozenset[Check] = frozenset()
    indexes: frozenset[str] = frozenset()


class SchemaReader:
    """Reads the tables that migrations manage in the database `alias`, many-to-many tables included."""

    def __init__(self, alias: str) -> None:
        self._alias = alias
        # States share the classes of unchanged models, and most models are unchanged.
        self._tables: dict[type[models.Model], Table] = {}

    def read(self, state: ProjectState) -> dict[str, Table]:
        """Return the tables of the state by their names in the database."""
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
    # The tables are found by their fields, since a state keeps the many-to-many tables of deleted models.
    for relation in model._meta.local_many_to_many:
        through: Any = relation.remote_field.through
        if through._meta.auto_created:
            yield through


def _table(model: type[models.Model], alias: str) -> Table:
    meta = model._meta
    parameters = {field: field.db_parameters(connection=connections[alias]) for field in meta.local_concrete_fields}
    # A field without a type has no column.
    fields = [field for field in parameters if parameters[field]["type"] is not None]
    return Table(
        model=meta.label,
        origin=meta.db_table,
        columns={str(field.column): _column(field, parameters[field]) for field in fields},
        uniques=frozenset(uniques_of(model, fields)),
        checks=frozenset(checks_of(model)),
        indexes=frozenset(index.name for index in meta.indexes),
    )


def _column(field: Any, parameters: Mapping[str, Any]) -> Column:
    return Column(
        origin=field.column,
        type=parameters["type"],
        collation=parameters.get("collation"),
        check=parameters["check"],
        null=field.null,
        default=_default(field),
        # The index of a unique field belongs to its constraint.
        indexed=field.db_index and not field.unique,
        references=_reference(field),
    )


def _reference(field: Any) -> Reference | None:
    if not field.remote_field or not getattr(field, "db_constraint", False):
        return None
    return Reference(field.remote_field.model._meta.db_table, field.target_field.column)


def _default(field: Any) -> Default:
    if field.generated:
        return Default.GENERATED
    if isinstance(field, AutoFieldMixin):
        return Default.DISTINCT
    if not field.has_db_default():
        return Default.NONE
    expression = field.db_default
    if not hasattr(expression, "resolve_expression") or isinstance(expression, Value):
        return Default.CONSTANT
    return Default.DISTINCT if isinstance(expression, RandomUUID) else Default.COMPUTED
