"""Loads the fields of an answer with psycopg's loaders, and describes its columns."""

from base64 import b64decode
from collections.abc import Callable, Container, Mapping, Sequence
from secrets import token_hex
from typing import Any, NamedTuple

from psycopg.abc import Transformer
from psycopg.adapt import AdaptersMap
from psycopg.pq import Format

Field = Mapping[str, Any]
Load = Callable[[Any], Any]

# The loaders of psycopg that return what the service's JSON has already.
_IDENTITIES = {
    "BoolLoader": "booleanValue",
    "FloatLoader": "doubleValue",
    "IntLoader": "longValue",
    "OidLoader": "longValue",
    "Int2Loader": "longValue",
    "Int4Loader": "longValue",
    "Int8Loader": "longValue",
    "TextLoader": "stringValue",
}
_BYTES_LOADERS = ("ByteaLoader",)
_OWN_MODULES = ("psycopg.", "psycopg_binary.", "psycopg_c.")
# The service prints these in UTC, without an offset.
_WITHOUT_OFFSET = ("timestamptz", "timestamp with time zone")
_SERIAL = {"serial": "int4", "bigserial": "int8", "smallserial": "int2"}
# A column of RETURNING with this alias was cast to text, because the service cannot return its type. No column of a
# project has such a name.
CAST_ALIAS = f"text {token_hex(6)} of "


class ResultColumn(NamedTuple):
    """A column of `cursor.description`."""

    name: str
    type_code: int
    display_size: int | None = None
    internal_size: int | None = None
    precision: int | None = None
    scale: int | None = None
    null_ok: bool | None = None


class ResultRows(NamedTuple):
    """The rows of a statement, their description, and how many rows it found or changed."""

    rows: list[tuple[Any, ...]]
    description: list[ResultColumn] | None
    rowcount: int


class ChangedTypesError(Exception):
    """A column has another type than when its cast was written."""


def column_types(metadata: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return the label and the name of the type of each column."""
    found = []
    for column in metadata:
        label = column.get("label") or column.get("name") or ""
        type_name = column["typeName"]
        if label.startswith(CAST_ALIAS):
            type_name = label.removeprefix(CAST_ALIAS)
        found.append((label, _SERIAL.get(type_name, type_name)))
    return found


def type_oid(adapters: AdaptersMap, type_name: str) -> int:
    """Return the OID of a type, or 0 if psycopg does not know the type; its values are loaded as text."""
    types = adapters.types
    if type_name.startswith("_") and (element := types.get(type_name[1:])):
        return element.array_oid
    if info := types.get(type_name.strip('"')) or types.get(type_name):
        return info.array_oid if type_name.endswith("[]") else info.oid
    return 0


class ColumnLoader:
    """Loads the fields of one column."""

    def __init__(self, transformer: Transformer, type_name: str) -> None:
        self._oid = type_oid(transformer.adapters, type_name)
        self._has_offset = type_name.lstrip("_").removesuffix("[]") not in _WITHOUT_OFFSET
        loader = transformer.get_loader(self._oid, Format.TEXT)
        self._load = loader.load
        name = type(loader).__name__ if type(loader).__module__.startswith(_OWN_MODULES) else ""
        self._identity = _IDENTITIES.get(name)
        self._loads_bytes = name in _BYTES_LOADERS
        self._transformer = transformer
        self._type_name = type_name
        self._element: ColumnLoader | None = None

    def field(self, field: Field) -> Any:
        """Return the value of a field."""
        for kind, value in field.items():
            if kind == self._identity:
                return float(value) if kind == "doubleValue" else value
            if kind == "isNull":
                return None
            if kind == "arrayValue":
                return self._array(value)
            if kind == "blobValue":
                content = b64decode(value)
                return content if self._loads_bytes else self._load(b"\\x" + content.hex().encode())
            return self._scalar(value)
        return None

    def _scalar(self, value: Any) -> Any:
        if isinstance(value, bool):
            text = "t" if value else "f"
        elif isinstance(value, str):
            text = value if self._has_offset else with_offset(value)
        else:
            text = repr(value)
        return self._load(text.encode())

    def _array(self, array: Mapping[str, Any]) -> list[Any]:
        if self._element is None:
            name = self._type_name
            self._element = ColumnLoader(
                self._transformer, name[1:] if name.startswith("_") else name.removesuffix("[]")
            )
        element = self._element
        for kind, values in array.items():
            if kind == "arrayValues":
                return [None if value is None else self._array(value) for value in values]
            return [None if value is None else element._scalar(value) for value in values]
        return []


def with_offset(text: str) -> str:
    """Return a timestamp of the service, which is in UTC, with its offset."""
    if not text or text[0] not in "0123456789":
        return text
    return f"{text[:-3]}+00 BC" if text.endswith(" BC") else f"{text}+00"


def load_result(answer: Mapping[str, Any], transformer: Transformer) -> ResultRows:
    """Return the rows of an answer."""
    types = column_types(answer.get("columnMetadata") or ())
    if not types:
        return ResultRows([], None, answer.get("numberOfRecordsUpdated") or 0)
    return _loaded(answer.get("records") or (), transformer, types)


def load_cast_result(
    answer: Mapping[str, Any], transformer: Transformer, types: Sequence[tuple[str, str]], returnable: Container[str]
) -> ResultRows:
    """Return the rows of an answer to `with_casts()`; `types` are the columns as they were when it was written.

    The answer says of which types its values are. Raise ChangedTypesError if one is cast that needs no cast.
    """
    names = [type_name for _, type_name in column_types(answer["columnMetadata"])]
    cast = [index for index, (_, type_name) in enumerate(types) if type_name not in returnable]
    records: Sequence[Sequence[Field]] = answer.get("records") or ()
    if cast:
        for index in cast:
            names[index] = types[index][1]
        if records:
            for index, oid in zip(cast, records[0][-1]["arrayValue"]["longValues"], strict=True):
                names[index] = _type_name(transformer.adapters, oid)
                if names[index] in returnable:
                    raise ChangedTypesError
        records = [record[:-1] for record in records]
    return _loaded(records, transformer, [(label, name) for (label, _), name in zip(types, names, strict=False)])


def _type_name(adapters: AdaptersMap, oid: int) -> str:
    """Return the name of a type, or "" if psycopg does not know the type."""
    info = adapters.types.get(oid)
    if info is None:
        return ""
    return f"_{info.name}" if info.array_oid == oid else info.name


def _loaded(
    records: Sequence[Sequence[Field]], transformer: Transformer, types: Sequence[tuple[str, str]]
) -> ResultRows:
    loads = [ColumnLoader(transformer, type_name).field for _, type_name in types]
    rows = [tuple([load(field) for load, field in zip(loads, record, strict=True)]) for record in records]
    description = [ResultColumn(label, type_oid(transformer.adapters, type_name)) for label, type_name in types]
    return ResultRows(rows, description, len(rows))
