"""Writes PostgreSQL's results as answers of the Data API, within its limits."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from django_runtimes.compare.services.data_api.data_api_error import DataApiError
from django_runtimes.compare.services.data_api.results.result_columns import ResultColumns
from django_runtimes.compare.services.data_api.results.result_type import Field, ResultType
from django_runtimes.compare.services.data_api.sessions.service_session import ServiceSession

_MAX_RESULT_BYTES = 1_048_576
_MAX_ROW_BYTES = 65_536
_HEX_PREFIX = b"\\x"

Answer = dict[str, Any]


class ResultAnswer:
    """Makes answers of results."""

    def __init__(self) -> None:
        self._columns = ResultColumns()

    def note_statement(self, result: PGresult) -> None:
        """Take note of a statement whose result is not returned."""
        self._columns.note_statement(result)

    async def write(self, session: ServiceSession, result: PGresult, options: Mapping[str, Any]) -> Answer:
        """Return the answer of ExecuteStatement; `options` are the request's members. Raise DataApiError."""
        self._columns.note_statement(result)
        if result.status != ExecStatus.TUPLES_OK:
            return {"generatedFields": [], "numberOfRecordsUpdated": result.command_tuples or 0}
        types = await self._columns.types(session, result)
        # Without rows the service returns the metadata of any type.
        if result.ntuples:
            _check_types(types)
        # The rows of RETURNING stand for themselves.
        answer: Answer = {"numberOfRecordsUpdated": 0}
        if options.get("formatRecordsAs") == "JSON":
            labels = [(result.fname(column) or b"").decode() for column in range(result.nfields)]
            rows = [dict(zip(labels, map(_plain, row), strict=True)) for row in _rows(result, types)]
            answer["formattedRecords"] = json.dumps(rows, separators=(",", ":"), ensure_ascii=False)
            _check_size(len(answer["formattedRecords"].encode()))
            return answer
        answer["records"] = [_converted(row, options.get("resultSetOptions", {})) for row in _rows(result, types)]
        if options.get("includeResultMetadata"):
            answer["columnMetadata"] = await self._columns.metadata(session, result, types)
        return answer


def _check_types(types: list[ResultType]) -> None:
    for each in types:
        if not each.is_supported:
            raise DataApiError(
                "UnsupportedResultException", f"The result contains the unsupported data type {each.name}."
            )


def _rows(result: PGresult, types: list[ResultType]) -> Iterator[list[Field]]:
    """Yield the fields of each row; raise DataApiError above the limits of a row and of a result."""
    total = 0
    for row in range(result.ntuples):
        size = 0
        fields: list[Field] = []
        for column, each in enumerate(types):
            value = result.get_value(row, column)
            if value is None:
                fields.append({"isNull": True})
                continue
            size += _size(value, each)
            fields.append(each.field(bytes(value).decode()))
        if size > _MAX_ROW_BYTES:
            raise DataApiError("UnsupportedResultException", "The result contains a row that exceeds the limit 64 KB")
        total += len(json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode())
        _check_size(total)
        yield fields


def _size(value: bytes, column_type: ResultType) -> int:
    return (len(value) - len(_HEX_PREFIX)) // 2 if column_type.name == "bytea" else len(value)


def _check_size(size: int) -> None:
    if size > _MAX_RESULT_BYTES:
        raise DataApiError("UnsupportedResultException", "The result exceeds the size limit 1 MB")


def _converted(row: list[Field], options: Mapping[str, str]) -> list[Field]:
    """Return long integers as strings if the request asks for that."""
    if options.get("longReturnType") != "STRING":
        return row
    return [{"stringValue": str(field["longValue"])} if "longValue" in field else field for field in row]


def _plain(field: Field) -> Any:
    """Return a field's value as plain JSON."""
    if "isNull" in field:
        return None
    (value,) = field.values()
    return next(iter(value.values())) if isinstance(value, dict) else value
