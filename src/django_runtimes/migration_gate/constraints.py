"""Describes a model's constraints as plain values that can be compared."""

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models

# Lookups that are neither true nor false for NULL.
_COMPARISONS = {"", "exact", "in", "gt", "gte", "lt", "lte", "range"}
# For each lookup: whether a condition with the first value implies the same condition with the second.
_LOOSER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.ge,
    "gte": operator.ge,
    "lt": operator.le,
    "lte": operator.le,
    "in": lambda strict, loose: all(value in loose for value in strict),
}


@dataclass(frozen=True)
class Unique:
    """A rule that no two rows have equal `keys`: names of columns, or the repr() of expressions."""

    name: str
    keys: frozenset[str]
    condition: str | None = None
    nulls_distinct: bool = True
    deferrable: str | None = None

    def implies(self, other: "Unique") -> bool:
        """Return whether all rows that meet this rule also meet `other`."""
        return (
            self.keys <= other.keys
            and self.condition in (None, other.condition)
            and self.nulls_distinct <= other.nulls_distinct
            and self.deferrable in (None, other.deferrable)
        )

    @property
    def decides_conflicts(self) -> bool:
        """Whether ON CONFLICT may name just the keys."""
        return self.condition is None and self.deferrable is None


@dataclass(frozen=True)
class Check:
    """A check of a row, an exclusion, or another constraint that does not make rows unique."""

    name: str
    columns: frozenset[str]
    definition: str
    # Whether a row passes with NULL in all of the columns.
    lets_null_pass: bool = False
    # Whether PostgreSQL builds an index for the constraint, as for an exclusion.
    builds_index: bool = False
    condition: Any = field(default=None, compare=False)

    def implies(self, other: "Check") -> bool:
        """Return whether all rows that meet this check also meet `other`; False if that is uncertain."""
        if self.definition == other.definition:
            return True
        return all(any(_holds(known, asked) for known in _parts(self.condition)) for asked in _parts(other.condition))


def uniques_of(model: type[models.Model], fields: Sequence[Any]) -> Iterator[Unique]:
    """Yield the uniqueness rules of the model and of its `fields`."""
    for each in fields:
        if each.unique:
            yield Unique(each.column, frozenset({each.column}))
    for names in model._meta.unique_together:
        yield Unique(", ".join(names), _columns(model, names))
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            yield Unique(
                constraint.name,
                _columns(model, constraint.fields) | {repr(expression) for expression in constraint.expressions},
                repr(constraint.condition) if constraint.condition else None,
                constraint.nulls_distinct is not False,
                str(constraint.deferrable) if constraint.deferrable else None,
            )


def checks_of(model: type[models.Model]) -> Iterator[Check]:
    """Yield the checks, the exclusions and all other constraints that do not make rows unique."""
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            continue
        definition = _definition(constraint)
        if not isinstance(constraint, models.CheckConstraint):
            yield Check(constraint.name, frozenset(), definition, builds_index=True)
        elif isinstance(condition := constraint.condition, models.Q):
            columns = _columns(model, condition.referenced_base_fields)
            yield Check(constraint.name, columns, definition, _unknown_when_null(condition), condition=condition)
        else:
            yield Check(constraint.name, frozenset(), definition)


def _definition(constraint: models.BaseConstraint) -> str:
    path, arguments, options = constraint.deconstruct()
    asked = {name: value for name, value in options.items() if name != "name" and not name.startswith("violation_")}
    return repr((path, arguments, asked))


def _columns(model: type[models.Model], names: Iterable[str]) -> frozenset[str]:
    # Constraints keep the name of a removed field until a migration changes them.
    fields = {field.name: str(field.column) for field in model._meta.concrete_fields}
    return frozenset(fields[name] for name in names if name in fields)


def _parts(condition: object) -> Sequence[object]:
    """Return the parts of the condition that must all hold."""
    if isinstance(condition, models.Q) and condition.connector == models.Q.AND and not condition.negated:
        return condition.children
    return (condition,)


def _holds(known: object, asked: object) -> bool:
    """Return whether `known` implies `asked`."""
    if known is not None and known == asked:
        return True
    if not (isinstance(known, tuple) and isinstance(asked, tuple) and known[0] == asked[0]):
        return False
    looser = _LOOSER.get(known[0].rpartition("__")[2])
    # The database orders text by its collation, and Python does not.
    if looser is None or isinstance(known[1], str):
        return False
    try:
        return looser(known[1], asked[1])
    except TypeError:
        return False


def _unknown_when_null(condition: models.Q) -> bool:
    """Return whether the check is neither true nor false for NULL values, so that PostgreSQL accepts the row."""
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
