"""Django's SQL compilers, which mark the statements that can leave no session state."""

import inspect
import sys
from collections.abc import Callable, Iterator
from enum import Enum
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from django.db.backends.postgresql import compiler
from django.db.models import NOT_PROVIDED, Field, GeneratedField, Model
from django.db.models.expressions import Combinable, CombinedExpression, RawSQL
from django.db.models.functions import Cast
from django.db.models.lookups import Lookup
from django.db.models.sql.datastructures import BaseTable, Join
from django.db.models.sql.where import ExtraWhere

from django_runtimes.databases.postgresql.remembering import remembering
from django_runtimes.databases.postgresql.session.state import CompiledSQL
from django_runtimes.databases.postgresql.session.statements import STATELESS_FUNCTIONS
from django_runtimes.databases.postgresql.types import CompilerBase

# What an application may give an expression of Django's, the class or an instance, to make it one of its own.
_TEXTS = ("function", "template", "arg_joiner", "case_joiner", "filter_template")
_OPERATORS = ("postgres_operator", "postgres_nested_operator", "logical_operator", "param_pattern", "frame_type")
# The methods by which expressions and lookups write SQL.
_METHODS = ("as_sql", "as_postgresql")
_INSTANCE_SQL = frozenset({*_TEXTS, *_OPERATORS, "get_rhs_op", "process_lhs", "process_rhs"})
# Any other operator may be one of the application's, and call its function.
_CONNECTORS = frozenset(
    [value for name, value in vars(Combinable).items() if name.isupper()] + ["||", "&&"]  # those of full-text search
)
# The methods by which a model's field writes SQL around its value.
_FIELD_HOOKS = frozenset({"select_format", "get_placeholder", "get_placeholder_sql"})


class _MarkingCompiler(CompilerBase):
    """Counts on the connection the expressions whose SQL is not Django's own.

    On the connection, since a subquery has a compiler of its own and ends as a plain string in the outer statement.
    """

    def compile(self, node: Any) -> Any:
        """Django's."""
        if _is_applications_own(node):
            self.connection.unknown_expressions += 1
        return super().compile(node)

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        """Django's; a CompiledSQL when all of it is Django's own SQL."""
        connection = self.connection
        before = connection.unknown_expressions
        sql, params = super().as_sql(*args, **kwargs)
        if self._has_own_sql():
            connection.unknown_expressions += 1
        return (CompiledSQL(sql) if connection.unknown_expressions == before else sql), params

    def _has_own_sql(self) -> bool:
        """Whether the statement has SQL of the application's that no expression holds."""
        return bool(self.query.extra_tables)


class SQLCompiler(_MarkingCompiler, compiler.SQLCompiler):
    """Django's, for SELECT."""


class SQLInsertCompiler(_MarkingCompiler, compiler.SQLInsertCompiler):
    """Django's, for INSERT."""

    # Django's own takes other arguments than SELECT's, too.
    def as_sql(self) -> Any:  # type: ignore[override]
        """Django's; each a CompiledSQL when all of it is Django's own SQL."""
        before = self.connection.unknown_expressions
        statements = compiler.SQLInsertCompiler.as_sql(self)
        query: Any = self.query
        if any(map(_is_own_field, query.fields)) or _has_own_columns(query.model, self.connection):
            self.connection.unknown_expressions += 1
        if self.connection.unknown_expressions != before:
            return statements
        return [(CompiledSQL(sql), params) for sql, params in statements]


class SQLDeleteCompiler(_MarkingCompiler, compiler.SQLDeleteCompiler):
    """Django's, for DELETE."""


class SQLUpdateCompiler(_MarkingCompiler, compiler.SQLUpdateCompiler):
    """Django's, for UPDATE."""

    def _has_own_sql(self) -> bool:
        query: Any = self.query
        return any(_is_own_field(field) for field, *_ in query.values) or _has_own_columns(query.model, self.connection)


class SQLAggregateCompiler(_MarkingCompiler, compiler.SQLAggregateCompiler):
    """Django's, for aggregates over a subquery."""


def _is_applications_own(node: Any) -> bool:
    kind = _kind(type(node))
    own = node.__dict__
    # Its class may be Django's, and its instance have been given another method.
    if kind is _Kind.APPLICATIONS or "as_sql" in own or "as_postgresql" in own:
        return True
    field = own.get("output_field")
    if field is not None and _is_own_field(field):
        return True
    return kind is not _Kind.DJANGOS and (_was_given_sql(node) or _IS_OWN[kind](node))


def _is_call(table: Any) -> bool:
    return "(" in table.table_name


def _has_own_operator(expression: Any) -> bool:
    return expression.connector not in _CONNECTORS


def _has_own_template(function: Any) -> bool:
    # Looked at each time, since an application may patch the class at any time.
    if _is_patched(*_sql_of(type(function))):
        return True
    return isinstance(function, Cast) and not all(
        _is_djangos(type(field)) for field in _with_base_fields(function.output_field)
    )


def _was_given_sql(node: Any) -> bool:
    """Whether an instance of Django's class was given a function, a template, an operator or a method of its own."""
    own = node.__dict__
    # A template may have a place for any of it.
    if own.get("extra"):
        return True
    # Django 6.1 gives each subquery its class's own template.
    return not _INSTANCE_SQL.isdisjoint(own) and any(
        own[name] != getattr(type(node), name, None) for name in _INSTANCE_SQL.intersection(own)
    )


def _with_base_fields(field: "Field[Any, Any] | None") -> "Iterator[Field[Any, Any]]":
    """The field, and what an ArrayField or a range is of."""
    while field is not None:
        yield field
        field = getattr(field, "base_field", None)


def _is_own_field(field: "Field[Any, Any]") -> bool:
    """Whether the SQL around the field's value is the application's; a container of its fields casts to their type."""
    own = field.__dict__
    if _writes_sql(type(field)) or not own.keys().isdisjoint(_FIELD_HOOKS):
        return True
    # Each instance has its own, which getattr() takes longer to miss.
    base_field = own.get("base_field")
    return base_field is not None and not all(_is_djangos(type(one)) for one in _with_base_fields(base_field))


def _has_own_columns(model: "type[Model]", connection: Any) -> bool:
    """Whether the database evaluates SQL of the application's for columns that a statement leaves to it."""
    is_own = _own_columns.get(model)
    if is_own is None:
        is_own = _own_columns[model] = _has_own_defaults(model) or _has_own_generated_columns(model, connection)
    return is_own


_own_columns: "WeakKeyDictionary[type[Model], bool]" = WeakKeyDictionary()


def _has_own_defaults(model: "type[Model]") -> bool:
    expressions = [getattr(field, "db_default", NOT_PROVIDED) for field in model._meta.concrete_fields]
    return any(
        _is_applications_own(node)
        for expression in expressions
        if hasattr(expression, "flatten")
        for node in expression.flatten()
        # A lookup's plain value is among them; it is a parameter.
        if hasattr(node, "as_sql")
    )


def _has_own_generated_columns(model: "type[Model]", connection: Any) -> bool:
    before = connection.unknown_expressions
    try:
        for field in model._meta.concrete_fields:
            if isinstance(field, GeneratedField):
                # What its F() and Q() stand for is known only then: a transform, say, that the application registered.
                field.generated_sql(connection)
        return bool(connection.unknown_expressions != before)
    finally:
        connection.unknown_expressions = before


def _sql_of(cls: type) -> tuple[Any, ...]:
    return cls, *[getattr(cls, name, None) for name in (*_METHODS, *_TEXTS)]


@remembering(4096)
def _is_patched(cls: type, _as_sql: object, _as_postgresql: object, *texts: object) -> bool:
    """Whether a class of Django's has SQL or a method that is not in Django's own source."""
    if _has_own_method(cls):
        return True
    function, *_ = texts
    known = isinstance(function, str) and function.lower() in STATELESS_FUNCTIONS
    return any(
        isinstance(text, str) and not (known and text is function) and not _is_in_source(cls, text) for text in texts
    )


def _has_own_method(cls: type) -> bool:
    """Whether a method that writes SQL is not Django's, as after `Length.as_postgresql = …`."""
    methods = (getattr(cls, name, None) for name in _METHODS)
    return any(method is not None and not _is_djangos_code(method) for method in methods)


def _is_djangos_code(method: Any) -> bool:
    """Whether a method runs Django's code; functools.wraps() copies Django's names to another's."""
    # isinstance() would believe an object that pretends to be a function.
    if type(method) is not FunctionType:
        return False
    module = str(method.__globals__.get("__name__"))
    # Compiled source has no callable constants; a rewritten function calls its wrapper by one.
    return module.partition(".")[0] == "django" and not any(map(callable, method.__code__.co_consts))


def _is_in_source(cls: type, text: str) -> bool:
    return any(f'"{text}"' in _source(ancestor.__module__) for ancestor in cls.__mro__)


@remembering(256)
def _source(module: str) -> str:
    if module.partition(".")[0] != "django":
        return ""
    try:
        return inspect.getsource(sys.modules[module])
    except (OSError, TypeError):
        # Without it every statement with such a function is followed by a reset.
        return ""


class _Kind(Enum):
    APPLICATIONS = "its SQL is the application's"
    DJANGOS = "its SQL is Django's own"
    TABLE = "its SQL is a name, which Django takes as it is when it stands in quotes"
    COMBINED = "its SQL is Django's but for the operator"
    LOOKUP = "its SQL is Django's unless one instance was given some"
    SETTABLE = "its SQL is Django's unless the application gave it some"


_IS_OWN: dict[_Kind, Callable[[Any], bool]] = {
    _Kind.TABLE: _is_call,
    _Kind.COMBINED: _has_own_operator,
    _Kind.LOOKUP: lambda _: False,
    _Kind.SETTABLE: _has_own_template,
}


@remembering(4096)
def _kind(cls: type) -> _Kind:
    if not _is_djangos(cls) or _has_own_method(cls):
        return _Kind.APPLICATIONS
    operators = (getattr(cls, name, None) for name in _OPERATORS)
    if any(isinstance(operator, str) and not _is_in_source(cls, operator) for operator in operators):
        return _Kind.APPLICATIONS
    if issubclass(cls, BaseTable | Join):
        return _Kind.TABLE
    if issubclass(cls, CombinedExpression):
        return _Kind.COMBINED
    if hasattr(cls, "template"):
        return _Kind.SETTABLE
    return _Kind.LOOKUP if issubclass(cls, Lookup) else _Kind.DJANGOS


@remembering(4096)
def _is_djangos(cls: type) -> bool:
    # Both hold SQL that the application wrote.
    return cls.__module__.partition(".")[0] == "django" and not issubclass(cls, RawSQL | ExtraWhere)


@remembering(4096)
def _writes_sql(field_class: "type[Field[Any, Any]]") -> bool:
    """Whether a field's class has a hook that is not Django's."""
    hooks = (getattr(field_class, name, None) for name in _FIELD_HOOKS)
    return any(hook is not None and not _is_djangos_code(hook) for hook in hooks)
