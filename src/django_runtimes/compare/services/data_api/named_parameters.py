"""Replaces the service's named parameters by PostgreSQL's numbered ones."""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django_runtimes.compare.services.data_api.data_api_error import DataApiError

# The service respects quotes and comments, but neither $$ nor the slices of arrays: `:2` in `a[1:2]` is a parameter.
_TOKENS = re.compile(
    r"""
    (?<![\w$])[eE]'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'(?:[^\S\n]*\n\s*'[^'\\]*(?:(?:\\.|'')[^'\\]*)*')*
    | '(?:[^']|'')*'
    | "(?:[^"]|"")*"
    | --[^\n]*
    | /\*.*?\*/
    | ::
    | :(?P<name>\w+)
    """,
    re.VERBOSE | re.DOTALL,
)
_UNKNOWN_OID = 0
_HINTED_OIDS = {"DATE": 1082, "DECIMAL": 1700, "JSON": 114, "TIME": 1083, "TIMESTAMP": 1114, "UUID": 2950}


class SentValue(NamedTuple):
    """A value as PostgreSQL gets it: in text format, with its type; None is NULL."""

    text: bytes | None
    oid: int


class SentStatement(NamedTuple):
    """A statement as PostgreSQL gets it."""

    sql: bytes
    values: tuple[SentValue, ...] = ()


def bind_parameters(sql: str, parameters: Iterable[Mapping[str, Any]]) -> SentStatement:
    """Return the statement with `$1` in place of the first name, and so on, and the values in that order.

    Names are replaced even if there are no parameters, as by the service.
    """
    values = {parameter.get("name"): _value(parameter) for parameter in parameters}
    order: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        name = match["name"]
        return match[0] if name is None else f"${order.setdefault(name, len(order) + 1)}"

    text = _TOKENS.sub(number, sql)
    _refuse_nul(text)
    if not values:
        return SentStatement(text.encode())
    if missing := next((name for name in order if name not in values), None):
        raise DataApiError("BadRequestException", f"Cannot find parameter: {missing}")
    return SentStatement(text.encode(), tuple(values[name] for name in order))


def _value(parameter: Mapping[str, Any]) -> SentValue:
    hint = parameter.get("typeHint")
    if hint is not None and hint not in _HINTED_OIDS:
        raise DataApiError("ValidationException", f"The typeHint {hint} is none of {', '.join(_HINTED_OIDS)}")
    match parameter.get("value", {}):
        case {"isNull": True}:
            return SentValue(None, _HINTED_OIDS.get(hint or "", _UNKNOWN_OID))
        case {"booleanValue": bool(flag)}:
            return SentValue(b"t" if flag else b"f", 16)
        case {"longValue": int(number)}:
            return SentValue(str(number).encode(), 20)
        case {"doubleValue": float(number) | int(number)}:
            return SentValue(repr(float(number)).encode(), 701)
        case {"stringValue": str(text)}:
            _refuse_nul(text)
            return SentValue(text.encode(), 1043 if hint is None else _HINTED_OIDS[hint])
        case {"blobValue": str(text)}:
            return SentValue(b"\\x" + _decoded(text).hex().encode(), 17)
        case {"arrayValue": _}:
            raise DataApiError("BadRequestException", "Array parameters are not supported.")
    raise DataApiError("BadRequestException", f"The parameter {parameter.get('name')} has no value.")


def _refuse_nul(text: str) -> None:
    """Raise DataApiError for a character that would end the text in PostgreSQL's protocol."""
    if "\0" in text:
        raise DataApiError(
            "DatabaseErrorException", 'ERROR: invalid byte sequence for encoding "UTF8": 0x00; SQLState: 22021'
        )


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise DataApiError("SerializationException", "The blobValue is not base64") from None
