"""Describes the columns of results as the service does, from PostgreSQL's catalogue."""

from typing import Any, NamedTuple

from psycopg.pq.abc import PGresult

from django_runtimes.compare.services.data_api.named_parameters import SentValue
from django_runtimes.compare.services.data_api.results.result_type import ResultType, builtin_types
from django_runtimes.compare.services.data_api.sessions.service_session import ServiceSession

_OID, _SMALLINT = 26, 21
_NUMERIC_HEADER = 4
_TYPE_SQL = (
    "SELECT t.typname, t.typtype, e.typname FROM pg_catalog.pg_type t "
    "LEFT JOIN pg_catalog.pg_type e ON e.typarray = t.oid WHERE t.oid = $1"
)
_COLUMN_SQL = (
    "SELECT c.relname, a.attnotnull, "
    "a.attidentity <> '' OR coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval(%', false) "
    "FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
    "LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
    "WHERE a.attrelid = $1 AND a.attnum = $2"
)
_SERIALS = {"int2": "smallserial", "int4": "serial", "int8": "bigserial"}
_NO_NULLS, _NULLS, _UNKNOWN = 0, 1, 2
# Statements with these command tags change no column.
_HARMLESS = frozenset(
    {
        "BEGIN",
        "CLOSE",
        "COMMIT",
        "DECLARE",
        "DELETE",
        "FETCH",
        "INSERT",
        "MERGE",
        "MOVE",
        "RELEASE",
        "SAVEPOINT",
        "SELECT",
        "SET",
        "SHOW",
        "START",
        "TRUNCATE",
        "UPDATE",
    }
)


class _TableColumn(NamedTuple):
    table: str
    is_required: bool
    is_generated: bool


class ResultColumns:
    """Finds types and tables of columns, and remembers them until a statement may change them."""

    def __init__(self) -> None:
        self._builtin = builtin_types()
        self._types: dict[tuple[str, int], ResultType] = {}
        self._columns: dict[tuple[str, int, int], _TableColumn | None] = {}

    def note_statement(self, result: PGresult) -> None:
        """Forget the columns if the statement may have changed some."""
        tag = (result.command_status or b"").split(b" ")[0].decode()
        if tag not in _HARMLESS:
            self._types.clear()
            self._columns.clear()

    async def types(self, session: ServiceSession, result: PGresult) -> list[ResultType]:
        """Return the type of each column."""
        return [await self._type(session, result.ftype(column)) for column in range(result.nfields)]

    async def metadata(
        self, session: ServiceSession, result: PGresult, types: list[ResultType]
    ) -> list[dict[str, Any]]:
        """Return the service's columnMetadata."""
        return [await self._metadata(session, result, index, each) for index, each in enumerate(types)]

    async def _type(self, session: ServiceSession, oid: int) -> ResultType:
        if oid in self._builtin:
            return self._builtin[oid]
        key = session.database, oid
        if key not in self._types:
            rows = await session.query(_TYPE_SQL, _number(oid, _OID))
            name, kind, element = rows[0] if rows else ("unknown", "b", None)
            self._types[key] = ResultType(name or "", element, is_enum=kind == "e")
        return self._types[key]

    async def _metadata(
        self, session: ServiceSession, result: PGresult, index: int, column_type: ResultType
    ) -> dict[str, Any]:
        table = await self._table_column(session, result.ftable(index), result.ftablecol(index))
        label = (result.fname(index) or b"").decode()
        is_generated = table is not None and table.is_generated
        precision, scale = _precision(column_type.name, result.fmod(index))
        return {
            "arrayBaseColumnType": column_type.java_element_type,
            "isAutoIncrement": is_generated,
            "isCaseSensitive": not column_type.is_signed,
            "isCurrency": False,
            "isSigned": column_type.is_signed,
            "label": label,
            "name": label,
            "nullable": _UNKNOWN if table is None else _NO_NULLS if table.is_required else _NULLS,
            "precision": precision,
            "scale": scale,
            "schemaName": "",
            "tableName": "" if table is None else table.table,
            "type": column_type.java_type,
            "typeName": _SERIALS.get(column_type.name, column_type.name) if is_generated else column_type.name,
        }

    async def _table_column(self, session: ServiceSession, table: int, number: int) -> _TableColumn | None:
        if not table or not number:
            return None
        key = session.database, table, number
        if key not in self._columns:
            rows = await session.query(_COLUMN_SQL, _number(table, _OID), _number(number, _SMALLINT))
            self._columns[key] = _TableColumn(rows[0][0] or "", rows[0][1] == "t", rows[0][2] == "t") if rows else None
        return self._columns[key]


def _number(value: int, oid: int) -> SentValue:
    return SentValue(str(value).encode(), oid)


def _precision(name: str, modifier: int) -> tuple[int, int]:
    """Return the precision and the scale of a type with this modifier; zeros without one."""
    if modifier < _NUMERIC_HEADER:
        return 0, 0
    length = modifier - _NUMERIC_HEADER
    if name == "numeric":
        return length >> 16, length & 0x7FF
    return (length, 0) if name in ("bpchar", "varchar") else (0, 0)
