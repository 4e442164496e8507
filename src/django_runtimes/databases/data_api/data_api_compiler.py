"""Django's compilers for PostgreSQL, with long lists of values as one array, and without rows that are too long."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.backends.postgresql import compiler as postgresql
from django.db.models import Func, Value
from django.db.models.fields.related_lookups import RelatedIn
from django.db.models.lookups import In
from psycopg.types.json import Jsonb

from django_runtimes.databases.data_api.statements.size_limits import ROW_MAX_BYTES
from django_runtimes.databases.data_api.statements.written_rows import (
    known_bytes,
    refuse_long_rows,
    refuse_long_update,
)

_LONG_LIST = 500
# Types whose arrays compare as their single values do: the class of their values, and the type of the array. Without it
# PostgreSQL finds no function unnest() for strings.
_TYPES: dict[str, tuple[type, str]] = {
    "bigint": (int, "int8[]"),
    "date": (date, "date[]"),
    "double precision": (float, "float8[]"),
    "integer": (int, "int8[]"),
    "interval": (timedelta, "interval[]"),
    "jsonb": (Jsonb, "jsonb[]"),
    "numeric": (Decimal, "numeric[]"),
    "smallint": (int, "int8[]"),
    "text": (str, "text[]"),
    "time": (time, "time[]"),
    "timestamp with time zone": (datetime, "timestamptz[]"),
    "uuid": (UUID, "uuid[]"),
    "varchar": (str, "text[]"),
}
# The type of `ARRAY[…]` with values of a class.
_CONSTRUCTED_TYPES = {date: "date[]", int: "int4[]", str: "text[]", UUID: "uuid[]"}
_INTEGER_TYPES = {"int4[]": range(-(2**31), 2**31), "int8[]": range(-(2**63), 2**63)}
_BY_DJANGO = (In.as_sql, RelatedIn.as_sql)


class LongListsMixin:
    """Compiles many values as one array: `x IN (…)` as `x IN (SELECT unnest(array))`, which PostgreSQL can join."""

    def compile(self, node: Any) -> tuple[str, Any]:
        """Compile an expression as Django does, except for long lists."""
        if isinstance(node, In) and type(node).as_sql in _BY_DJANGO and (found := self._as_array(node)) is not None:
            return found
        if isinstance(node, Func) and node.extra.get("function") == "ARRAY" and (found := self._as_one_value(node)):
            return found
        compiled: tuple[str, Any] = super().compile(node)  # type: ignore[misc]  # Django's compiler follows
        return compiled

    def _as_array(self, node: Any) -> tuple[str, Any] | None:
        connection = self.connection  # type: ignore[attr-defined]
        field = getattr(node.lhs, "output_field", None)
        if not node.rhs_is_direct_value() or field is None or len(node.rhs) < _LONG_LIST:
            return None
        db_type = field.db_parameters(connection)["type"] or ""
        if (types := _TYPES.get(db_type.partition("(")[0])) is None:
            return None
        values = [value for value in node.rhs if value is not None]
        # Objects and arrays of JSON are not hashable.
        with suppress(TypeError):
            values = list(dict.fromkeys(values))
        if len(values) < _LONG_LIST:
            return None
        places, params = node.batch_process_rhs(self, connection, values)
        if set(places) != {"%s"} or (array := _array(params, *types)) is None:
            return None
        column, column_params = node.process_lhs(self, connection)
        elements, array_type = array
        return f"{column} IN (SELECT unnest(%s::{array_type}))", [*column_params, elements]

    def _as_one_value(self, node: Func) -> tuple[str, Any] | None:
        """Compile the `ARRAY[…]` of a lookup of ArrayField."""
        expressions = node.get_source_expressions()
        if len(expressions) < _LONG_LIST or {type(expression) for expression in expressions} != {Value}:
            return None
        compiled = [super(LongListsMixin, self).compile(value) for value in expressions]  # type: ignore[misc]
        values = [param for _, params in compiled for param in params]
        if {place for place, _ in compiled} != {"%s"}:
            return None
        cls = next((cls for cls in _CONSTRUCTED_TYPES if isinstance(values[0], cls)), None)
        if cls is None or (array := _array(values, cls, _CONSTRUCTED_TYPES[cls])) is None:
            return None
        elements, array_type = array
        return f"%s::{array_type}", [elements]


def _array(values: Sequence[Any], cls: type, array_type: str) -> tuple[list[Any], str] | None:
    """Return the elements and the type of their array; None if psycopg would not write them as one."""
    elements = list(map(_of_plain_class, values))
    if {type(value) for value in elements} != {cls} or len({_is_naive(value) for value in elements}) > 1:
        return None
    if cls is int and not all(value in _INTEGER_TYPES[array_type] for value in elements):
        # An integer of any size is a literal of PostgreSQL.
        is_large = not all(value in _INTEGER_TYPES["int8[]"] for value in elements)
        return elements, "numeric[]" if is_large else "int8[]"
    return elements, array_type


def _of_plain_class(value: Any) -> Any:
    """Return a value without its subclass, as SafeString or Int4, since psycopg refuses arrays of several classes."""
    if isinstance(value, str):
        return str.__str__(value)
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _is_naive(value: Any) -> bool:
    return isinstance(value, datetime) and value.tzinfo is None


class MeasuredRowsMixin:
    """Refuses to insert rows that the service would store and never return."""

    query: Any
    connection: Any

    def assemble_as_sql(self, fields: Any, value_rows: Any) -> Any:
        """Return the placeholders and the values."""
        refuse_long_rows(self.query.get_meta().db_table, self.connection, value_rows)
        return super().assemble_as_sql(fields, value_rows)  # type: ignore[misc]  # Django's compiler follows


class MeasuredUpdateMixin:
    """Refuses values that would make a row which the service never returns."""

    query: Any
    connection: Any

    def as_sql(self, *args: Any, **options: Any) -> Any:
        """Return the statement and its values."""
        sql, params = super().as_sql(*args, **options)  # type: ignore[misc]  # Django's compiler follows
        # The values are prepared a second time only if the statement is long.
        if known_bytes(params) > ROW_MAX_BYTES:
            table = self.query.get_meta().db_table
            refuse_long_update(table, self.connection, [(field, value) for field, _, value in self.query.values])
        return sql, params


def _with(compiler: type, *mixins: type) -> type:
    return type(compiler.__name__, (*mixins, LongListsMixin, compiler), {"__module__": __name__})


SQLCompiler = _with(postgresql.SQLCompiler)
SQLInsertCompiler = _with(postgresql.SQLInsertCompiler, MeasuredRowsMixin)
SQLDeleteCompiler = _with(postgresql.SQLDeleteCompiler)
SQLUpdateCompiler = _with(postgresql.SQLUpdateCompiler, MeasuredUpdateMixin)
SQLAggregateCompiler = _with(postgresql.SQLAggregateCompiler)
