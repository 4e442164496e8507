"""Django's SQL compilers, which mark the statements that can leave no session state."""

from enum import Enum
from functools import lru_cache
from typing import Any

from django.db.backends.postgresql import compiler
from django.db.models import Field
from django.db.models.expressions import Combinable, CombinedExpression, RawSQL
from django.db.models.functions import Cast
from django.db.models.sql.where import ExtraWhere

from webapp.database.postgresql.session import CompiledSQL

# What an application gives a function of Django's to make it one of its own.
_OWN_SQL = frozenset({"function", "template", "arg_joiner"})
# Any other operator may be one of the application's, and call its function.
_CONNECTORS = frozenset(
    [value for name, value in vars(Combinable).items() if name.isupper()] + ["||", "&&"]  # those of full-text search
)
# The methods by which a model's field writes SQL around its value.
_FIELD_HOOKS = ("select_format", "get_placeholder", "get_placeholder_sql")


class _MarkingCompiler:
    """Counts on the connection the expressions whose SQL is not Django's own.

    On the connection, since a subquery has a compiler of its own and ends as a plain string in the outer statement.
    """

    def compile(self, node: Any) -> Any:
        """Django's."""
        if _is_applications_own(node):
            self.connection.unknown_expressions += 1  # type: ignore[attr-defined]
        return super().compile(node)  # type: ignore[misc]

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        """Django's; a CompiledSQL when all of it is Django's own SQL."""
        connection = self.connection  # type: ignore[attr-defined]
        before = connection.unknown_expressions
        sql, params = super().as_sql(*args, **kwargs)  # type: ignore[misc]
        if self._has_own_sql():
            connection.unknown_expressions += 1
        return (CompiledSQL(sql) if connection.unknown_expressions == before else sql), params

    def _has_own_sql(self) -> bool:
        """Whether the statement has SQL of the application's that no expression holds."""
        return bool(self.query.extra_tables)  # type: ignore[attr-defined]


class SQLCompiler(_MarkingCompiler, compiler.SQLCompiler):
    """Django's, for SELECT."""


class SQLInsertCompiler(_MarkingCompiler, compiler.SQLInsertCompiler):
    """Django's, for INSERT."""

    def as_sql(self) -> list[tuple[str, Any]]:
        """Django's; each a CompiledSQL when all of it is Django's own SQL."""
        before = self.connection.unknown_expressions
        statements = compiler.SQLInsertCompiler.as_sql(self)
        if any(_writes_sql(type(field)) for field in self.query.fields):
            self.connection.unknown_expressions += 1
        if self.connection.unknown_expressions != before:
            return statements
        return [(CompiledSQL(sql), params) for sql, params in statements]


class SQLDeleteCompiler(_MarkingCompiler, compiler.SQLDeleteCompiler):
    """Django's, for DELETE."""


class SQLUpdateCompiler(_MarkingCompiler, compiler.SQLUpdateCompiler):
    """Django's, for UPDATE."""

    def _has_own_sql(self) -> bool:
        return any(_writes_sql(type(field)) for field, *_ in self.query.values)


class SQLAggregateCompiler(_MarkingCompiler, compiler.SQLAggregateCompiler):
    """Django's, for aggregates over a subquery."""


def _is_applications_own(node: Any) -> bool:
    kind = _kind(type(node))
    if kind is _Kind.APPLICATIONS:
        return True
    own = node.__dict__
    field = own.get("output_field")
    if field is not None and _writes_sql(type(field)):
        return True
    if kind is _Kind.DJANGOS:
        return False
    if kind is _Kind.COMBINED:
        return own["connector"] not in _CONNECTORS
    if not _OWN_SQL.isdisjoint(own) or not _OWN_SQL.isdisjoint(own.get("extra") or ()):
        return True
    return isinstance(node, Cast) and not _is_djangos(type(node.output_field))


class _Kind(Enum):
    APPLICATIONS = "its SQL is the application's"
    DJANGOS = "its SQL is Django's own"
    COMBINED = "its SQL is Django's but for the operator"
    SETTABLE = "its SQL is Django's unless the application gave it some"


@lru_cache(maxsize=4096)
def _kind(cls: type) -> _Kind:
    if not _is_djangos(cls):
        return _Kind.APPLICATIONS
    if issubclass(cls, CombinedExpression):
        return _Kind.COMBINED
    return _Kind.SETTABLE if hasattr(cls, "template") else _Kind.DJANGOS


@lru_cache(maxsize=4096)
def _is_djangos(cls: type) -> bool:
    # Both hold SQL that the application wrote.
    return cls.__module__.partition(".")[0] == "django" and not issubclass(cls, RawSQL | ExtraWhere)


@lru_cache(maxsize=4096)
def _writes_sql(field_class: "type[Field[Any, Any]]") -> bool:
    """Whether a field's class has a hook that is not Django's."""
    return any(
        hook is not None and hook.__module__.partition(".")[0] != "django"
        for hook in (getattr(field_class, name, None) for name in _FIELD_HOOKS)
    )
