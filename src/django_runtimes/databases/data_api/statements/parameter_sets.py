"""Turns `executemany()` of an INSERT into one statement with sets of parameters."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from psycopg.abc import Transformer
from psycopg.adapt import PyFormat

# Only such an INSERT adds exactly one row for each set, which the service does not count.
_PLAIN_INSERT = re.compile(
    r"\s*INSERT\s+INTO\s+[^()';:%$]+(?:\([^()';:%$]*\)\s*)?VALUES\s*\((?P<values>\s*%s\s*(?:,\s*%s\s*)*)\)\s*;?\s*",
    re.IGNORECASE,
)
_INTEGERS = ("int2", "int4", "int8")
# Half of the limit for a request, since the values are quoted.
_REQUEST_BYTES = 2 * 1024 * 1024

ParameterSet = list[Mapping[str, Any]]


class BatchStatement(NamedTuple):
    """An INSERT and its sets of parameters."""

    sql: str
    sets: list[ParameterSet]

    def requests(self) -> Iterator[list[ParameterSet]]:
        """Yield the sets in as many requests as their size needs."""
        request: list[ParameterSet] = []
        size = 0
        for parameters in self.sets:
            bytes_of_set = sum(80 + len(str(parameter["value"])) for parameter in parameters)
            if request and size + bytes_of_set > _REQUEST_BYTES:
                yield request
                request, size = [], 0
            request.append(parameters)
            size += bytes_of_set
        if request:
            yield request


def batch_of(sql: Any, rows: Sequence[Any], transformer: Transformer) -> BatchStatement | None:
    """Return the batch, or None if the statement or the types of its values allow none."""
    found = _PLAIN_INSERT.fullmatch(sql) if isinstance(sql, str) else None
    if found is None:
        return None
    count = found["values"].count("%s")
    if not all(isinstance(row, list | tuple) and len(row) == count for row in rows):
        return None
    sets: list[ParameterSet] = []
    types: list[set[int]] = [set() for _ in range(count)]
    for row in rows:
        dumped = transformer.dump_sequence(row, [PyFormat.TEXT] * count)
        for found_types, value, oid in zip(types, dumped, transformer.types or (), strict=True):
            if value is not None:
                found_types.add(oid)
        sets.append([_parameter(index, value) for index, value in enumerate(dumped)])
    names = [_type_name(transformer, found_types) for found_types in types]
    if None in names:
        return None
    places = ", ".join(f"CAST(:p{index} AS {name})" if name else f":p{index}" for index, name in enumerate(names))
    return BatchStatement(sql[: found.start("values")] + places + ")", sets)


def _parameter(index: int, value: Any) -> Mapping[str, Any]:
    field = {"isNull": True} if value is None else {"stringValue": bytes(value).decode()}
    return {"name": f"p{index}", "value": field}


def _type_name(transformer: Transformer, oids: set[int]) -> str | None:
    """Return the one type of a column's values, "" for untyped text, or None if there are several."""
    if not oids or oids == {0}:
        return ""
    infos = [transformer.adapters.types.get(oid) for oid in oids]
    names = {info.name if info else None for info in infos}
    if names <= set(_INTEGERS):
        return "int8"
    info = infos[0]
    if len(oids) > 1 or info is None or not info.name.isidentifier():
        return None
    return f"{info.name}[]" if info.array_oid in oids else info.name
