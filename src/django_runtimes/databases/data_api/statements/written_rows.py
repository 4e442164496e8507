"""Measures the rows that the ORM writes, since the service stores rows that it cannot return."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import psycopg
from django.db import DataError
from django.db.models import Case, Value
from django.db.models.functions import Cast
from psycopg.types.json import Json, Jsonb

from django_runtimes.databases.data_api.statements.size_limits import ROW_MAX_BYTES


def refuse_long_rows(table: str, connection: Any, rows: Iterable[Sequence[Any]]) -> None:
    """Raise DataError if the prepared values of a row are known to be longer than the service returns."""
    for row in rows:
        _refuse(table, sum(_size(value, connection) for value in row))


def refuse_long_update(table: str, connection: Any, assignments: Iterable[tuple[Any, Any]]) -> None:
    """Raise DataError if the fields and values of an UPDATE are known to be longer than the service returns."""
    in_every_row = 0
    # bulk_update() has one CASE for each field, all with the same conditions.
    choices: list[tuple[list[Any], list[int]]] = []
    for field, value in assignments:
        if isinstance(case := _without_cast(value), Case):
            conditions = [when.condition for when in case.cases]
            sizes = [_size(result, connection) for result in (*(when.result for when in case.cases), case.default)]
            same = next((sums for others, sums in choices if others == conditions), None)
            if same is None:
                choices.append((conditions, sizes))
            else:
                same[:] = map(sum, zip(same, sizes, strict=True))
        elif hasattr(value, "as_sql"):
            in_every_row += _size(value, connection)
        elif not hasattr(value, "prepare_database_save"):
            # A related object is a key.
            in_every_row += known_bytes(field.get_db_prep_save(value, connection=connection))
    _refuse(table, in_every_row + max((size for _, sizes in choices for size in sizes), default=0))


def known_bytes(value: Any) -> int:
    """Return the bytes of a value as PostgreSQL prints it, 0 for one of a short type or of an unknown one."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode(errors="surrogatepass"))
    if value is None or isinstance(value, int):
        return 0
    measure = next((measure for cls, measure in _MEASURES if isinstance(value, cls)), None)
    return measure(value) if measure else 0


def _json_bytes(value: Any) -> int:
    text = (value.dumps or json.dumps)(value.obj)
    if len(text) > ROW_MAX_BYTES:
        # PostgreSQL prints characters that are escaped here.
        text = json.dumps(json.loads(text), ensure_ascii=False)
    return known_bytes(text)


_MEASURES: tuple[tuple[type, Callable[[Any], int]], ...] = (
    (bytes, len),
    (bytearray, len),
    (memoryview, lambda value: value.nbytes),
    (psycopg.Binary, lambda value: known_bytes(value.obj)),
    (list, lambda values: sum(map(known_bytes, values))),
    (tuple, lambda values: sum(map(known_bytes, values))),
    # The value of an HStoreField; a JSONField wraps its values.
    (dict, lambda value: known_bytes([*value, *value.values()])),
    (Json, _json_bytes),
    (Jsonb, _json_bytes),
)


def _refuse(table: str, size: int) -> None:
    if size > ROW_MAX_BYTES:
        raise DataError(
            f"a row of {table} would have {size:,} bytes or more, and the Data API returns rows of at most "
            f"{ROW_MAX_BYTES:,}, so that no query could read the whole row; store long values in S3 (FileField) or in "
            "several rows, or write the row with SQL of your own if you only read parts of it"
        )


def _size(value: Any, connection: Any) -> int:
    value = _without_cast(value)
    if not isinstance(value, Value):
        return known_bytes(value)
    field = value._output_field_or_none  # type: ignore[attr-defined]  # Django's own
    return known_bytes(field.get_db_prep_save(value.value, connection=connection) if field else value.value)


def _without_cast(value: Any) -> Any:
    while isinstance(value, Cast):
        (value,) = value.get_source_expressions()
    return value
