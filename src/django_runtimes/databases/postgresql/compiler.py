"""Django's SQL compilers, which mark statements that cannot leave session state."""

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

from django_runtimes.databases.postgresql.session.state import CompiledSQL
from django_runtimes.databases.postgresql.session.statements import STATELESS_FUNCTIONS
from django_runtimes.databases.postgresql.types import CompilerBase
from django_runtimes.databases.sockets.class_cache import class_cache

# Attributes by which an application can put its own SQL into one of Django's expressions, on the class or an instance.
_TEXTS = ("function", "template", "arg_joiner", "case_joiner", "filter_template")
_OPERATORS = ("postgres_operator", "postgres_nested_operator", "logical_operator", "param_pattern", "frame_type")
# The methods by which expressions and lookups write SQL.
_METHODS = ("as_sql", "as_postgresql")
_INSTANCE_SQL = frozenset({*_TEXTS, *_OPERATORS, "get_rhs_op", "process_lhs", "process_rhs"})
# The application may have created any other operator, and PostgreSQL evaluates such an operator with a function of the
# application.
_CONNECTORS = frozenset(
    [value for name, value in vars(Combinable).items() if name.isupper()] + ["||", "&&"]  # full-text search
)
# The methods by which a model field writes SQL around its value.
_FIELD_HOOKS = frozenset({"select_format", "get_placeholder", "get_placeholder_sql"})


class _MarkingCompiler(CompilerBase):
    """Counts the expressions whose SQL is not Django's own.

    The connection holds the count, because each subquery has its own compiler and reaches the outer statement as a
    plain string.
    """

    def compile(self, node: Any) -> Any:
        """Compile a node as Django does, and count it if its SQL is the application's."""
        if _is_application_sql(node):
            self.connection.unknown_expressions += 1
        return super().compile(node)

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        """Return Django's SQL and parameters; the SQL is a CompiledSQL if the application wrote no part of it."""
        connection = self.connection
        before = connection.unknown_expressions
        sql, params = super().as_sql(*args, **kwargs)
        if self._has_own_sql():
            connection.unknown_expressions += 1
        return (CompiledSQL(sql) if connection.unknown_expressions == before else sql), params

    def _has_own_sql(self) -> bool:
        """Return whether the statement contains application SQL outside any expression."""
        return bool(self.query.extra_tables)


class SQLCompiler(_MarkingCompiler, compiler.SQLCompiler):
    """Django's compiler for SELECT."""


class SQLInsertCompiler(_MarkingCompiler, compiler.SQLInsertCompiler):
    """Django's compiler for INSERT."""

    # In Django, too, the arguments differ from those of SELECT's method.
    def as_sql(self) -> Any:  # type: ignore[override]
        """Return Django's statements; each is a CompiledSQL if the application wrote no part of it."""
        before = self.connection.unknown_expressions
        statements = compiler.SQLInsertCompiler.as_sql(self)
        query: Any = self.query
        if any(map(_is_own_field, query.fields)) or _has_own_columns(query.model, self.connection):
            self.connection.unknown_expressions += 1
        if self.connection.unknown_expressions != before:
            return statements
        return [(CompiledSQL(sql), params) for sql, params in statements]


class SQLDeleteCompiler(_MarkingCompiler, compiler.SQLDeleteCompiler):
    """Django's compiler for DELETE."""


class SQLUpdateCompiler(_MarkingCompiler, compiler.SQLUpdateCompiler):
    """Django's compiler for UPDATE."""

    def _has_own_sql(self) -> bool:
        query: Any = self.query
        return any(_is_own_field(field) for field, *_ in query.values) or _has_own_columns(query.model, self.connection)


class SQLAggregateCompiler(_MarkingCompiler, compiler.SQLAggregateCompiler):
    """Django's compiler for aggregates over a subquery."""


def _is_application_sql(node: Any) -> bool:
    kind = _kind(type(node))
    own = node.__dict__
    # An application may replace the method on an instance of Django's class.
    if kind is _Kind.APPLICATION or "as_sql" in own or "as_postgresql" in own:
        return True
    field = own.get("output_field")
    if field is not None and _is_own_field(field):
        return True
    return kind is not _Kind.DJANGO and (_was_given_sql(node) or _IS_OWN[kind](node))


def _is_call(table: Any) -> bool:
    return "(" in table.table_name


def _has_own_operator(expression: Any) -> bool:
    return expression.connector not in _CONNECTORS


def _has_own_template(function: Any) -> bool:
    # The class is checked each time, since an application may patch it at any time.
    if _is_patched(*_sql_of(type(function))):
        return True
    return isinstance(function, Cast) and not all(
        _is_from_django(type(field)) for field in _with_base_fields(function.output_field)
    )


def _was_given_sql(node: Any) -> bool:
    """Return whether an instance of Django's class has its own function, template, operator or method."""
    own = node.__dict__
    # A template may insert any of these values.
    if own.get("extra"):
        return True
    # Django 6.1 sets the class's template on each subquery.
    return not _INSTANCE_SQL.isdisjoint(own) and any(
        own[name] != getattr(type(node), name, None) for name in _INSTANCE_SQL.intersection(own)
    )


def _with_base_fields(field: "Field[Any, Any] | None") -> "Iterator[Field[Any, Any]]":
    """Yield the field, then the base fields of an ArrayField or a range."""
    while field is not None:
        yield field
        field = getattr(field, "base_field", None)


def _is_own_field(field: "Field[Any, Any]") -> bool:
    """Return whether the application wrote the SQL around a field's value, such as a cast to its base field."""
    own = field.__dict__
    if _writes_sql(type(field)) or not own.keys().isdisjoint(_FIELD_HOOKS):
        return True
    # `base_field` is an instance attribute, and getattr() takes longer if it is missing.
    base_field = own.get("base_field")
    return base_field is not None and not all(_is_from_django(type(one)) for one in _with_base_fields(base_field))


def _has_own_columns(model: "type[Model]", connection: Any) -> bool:
    """Return whether the database evaluates application SQL for defaults or generated columns of the model."""
    is_own = _own_columns.get(model)
    if is_own is None:
        is_own = _own_columns[model] = _has_own_defaults(model) or _has_own_generated_columns(model, connection)
    return is_own


_own_columns: "WeakKeyDictionary[type[Model], bool]" = WeakKeyDictionary()


def _has_own_defaults(model: "type[Model]") -> bool:
    expressions = [getattr(field, "db_default", NOT_PROVIDED) for field in model._meta.concrete_fields]
    return any(
        _is_application_sql(node)
        for expression in expressions
        if hasattr(expression, "flatten")
        for node in expression.flatten()
        # flatten() also yields a lookup's plain value, which is a parameter.
        if hasattr(node, "as_sql")
    )


def _has_own_generated_columns(model: "type[Model]", connection: Any) -> bool:
    before = connection.unknown_expressions
    try:
        for field in model._meta.concrete_fields:
            if isinstance(field, GeneratedField):
                # Only compilation resolves F() and Q() in the field's expression, for example to a transform of the
                # application.
                field.generated_sql(connection)
        return bool(connection.unknown_expressions != before)
    finally:
        connection.unknown_expressions = before


def _sql_of(cls: type) -> tuple[Any, ...]:
    return cls, *[getattr(cls, name, None) for name in (*_METHODS, *_TEXTS)]


@class_cache(4096)
def _is_patched(cls: type, _as_sql: object, _as_postgresql: object, *texts: object) -> bool:
    """Return whether one of Django's classes has SQL or a method that is not in Django's source."""
    if _has_own_method(cls):
        return True
    function, *_ = texts
    known = isinstance(function, str) and function.lower() in STATELESS_FUNCTIONS
    return any(
        isinstance(text, str) and not (known and text is function) and not _is_in_source(cls, text) for text in texts
    )


def _has_own_method(cls: type) -> bool:
    """Return whether a method that writes SQL is not Django's, for example after `Length.as_postgresql = …`."""
    methods = (getattr(cls, name, None) for name in _METHODS)
    return any(method is not None and not _is_django_code(method) for method in methods)


def _is_django_code(method: Any) -> bool:
    """Return whether a method runs Django's code; its names do not tell, since functools.wraps() copies them."""
    # isinstance() accepts an object that imitates a function.
    if type(method) is not FunctionType:
        return False
    module = str(method.__globals__.get("__name__"))
    # Compiled source has no callable constants; instrumented bytecode calls its wrapper through one.
    return module.partition(".")[0] == "django" and not any(map(callable, method.__code__.co_consts))


def _is_in_source(cls: type, text: str) -> bool:
    return any(f'"{text}"' in _source(ancestor.__module__) for ancestor in cls.__mro__)


@class_cache(256)
def _source(module: str) -> str:
    if module.partition(".")[0] != "django":
        return ""
    try:
        return inspect.getsource(sys.modules[module])
    except (OSError, TypeError):
        # Without the source, the session is reset after every statement with such a function.
        return ""


class _Kind(Enum):
    APPLICATION = "the application wrote its SQL"
    DJANGO = "Django wrote its SQL"
    TABLE = "its SQL is a table name, which Django does not quote again if it is quoted"
    COMBINED = "Django wrote its SQL except for the operator"
    LOOKUP = "Django wrote its SQL unless an instance overrides it"
    SETTABLE = "Django wrote its SQL unless a class or an instance overrides it"


_IS_OWN: dict[_Kind, Callable[[Any], bool]] = {
    _Kind.TABLE: _is_call,
    _Kind.COMBINED: _has_own_operator,
    _Kind.LOOKUP: lambda _: False,
    _Kind.SETTABLE: _has_own_template,
}


@class_cache(4096)
def _kind(cls: type) -> _Kind:
    if not _is_from_django(cls) or _has_own_method(cls):
        return _Kind.APPLICATION
    operators = (getattr(cls, name, None) for name in _OPERATORS)
    if any(isinstance(operator, str) and not _is_in_source(cls, operator) for operator in operators):
        return _Kind.APPLICATION
    if issubclass(cls, BaseTable | Join):
        return _Kind.TABLE
    if issubclass(cls, CombinedExpression):
        return _Kind.COMBINED
    if hasattr(cls, "template"):
        return _Kind.SETTABLE
    return _Kind.LOOKUP if issubclass(cls, Lookup) else _Kind.DJANGO


@class_cache(4096)
def _is_from_django(cls: type) -> bool:
    # RawSQL and ExtraWhere contain SQL that the application wrote.
    return cls.__module__.partition(".")[0] == "django" and not issubclass(cls, RawSQL | ExtraWhere)


@class_cache(4096)
def _writes_sql(field_class: "type[Field[Any, Any]]") -> bool:
    """Return whether a field class has a hook that is not Django's."""
    hooks = (getattr(field_class, name, None) for name in _FIELD_HOOKS)
    return any(hook is not None and not _is_django_code(hook) for hook in hooks)
