"""What a model's constraints ask of the rows of its table, as plain values."""

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models

# Lookups that a check of nothing but NULLs leaves neither true nor false.
_COMPARISONS = {"", "exact", "in", "gt", "gte", "lt", "lte", "range"}
# Lookups that hold for whatever a stricter value holds for.
_LOOSER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.ge,
    "gte": operator.ge,
    "lt": operator.le,
    "lte": operator.le,
    "in": lambda strict, loose: all(value in loose for value in strict),
}


@dataclass(frozen=True)
class Unique:
    """No two rows have the same in all of `keys`, which are columns, or expressions in Python's words."""

    name: str
    keys: frozenset[str]
    condition: str | None = None
    nulls_distinct: bool = True
    deferrable: str | None = None

    def implies(self, other: "Unique") -> bool:
        """Whether rows that meet this one meet the other as well."""
        return (
            self.keys <= other.keys
            and self.condition in (None, other.condition)
            and self.nulls_distinct <= other.nulls_distinct
            and self.deferrable in (None, other.deferrable)
        )

    @property
    def decides_conflicts(self) -> bool:
        """Whether ON CONFLICT may name its keys alone."""
        return self.condition is None and self.deferrable is None


@dataclass(frozen=True)
class Check:
    """A row is as `definition` says, by itself or beside others."""

    name: str
    columns: frozenset[str]
    definition: str
    # Whether NULL in all of the columns does.
    lets_null_pass: bool = False
    # Whether it takes an index to see, as exclusions do.
    builds_index: bool = False
    condition: Any = field(default=None, compare=False)

    def implies(self, other: "Check") -> bool:
        """Whether rows that meet this one meet the other as well, as far as can be told."""
        if self.definition == other.definition:
            return True
        return all(any(_holds(known, asked) for known in _parts(self.condition)) for asked in _parts(other.condition))


def uniques_of(model: type[models.Model], fields: Sequence[Any]) -> Iterator[Unique]:
    """Those of the model and those of its `fields`."""
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
    """Checks, exclusions, and whatever else is neither unique nor known."""
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
    # A field that is removed leaves its name behind in constraints that the migration does not mention.
    fields = {field.name: str(field.column) for field in model._meta.concrete_fields}
    return frozenset(fields[name] for name in names if name in fields)


def _parts(condition: object) -> Sequence[object]:
    """What all has to hold for the condition to hold."""
    if isinstance(condition, models.Q) and condition.connector == models.Q.AND and not condition.negated:
        return condition.children
    return (condition,)


def _holds(known: object, asked: object) -> bool:
    """Whether `asked` is so wherever `known` is."""
    if known is not None and known == asked:
        return True
    if not (isinstance(known, tuple) and isinstance(asked, tuple) and known[0] == asked[0]):
        return False
    looser = _LOOSER.get(known[0].rpartition("__")[2])
    # Texts are in another order in the database, by its collation.
    if looser is None or isinstance(known[1], str):
        return False
    try:
        return looser(known[1], asked[1])
    except TypeError:
        return False


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
