"""Adapts values to literals of SQL and results to values, as Django does on a connection of psycopg."""

from datetime import tzinfo
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.backends.postgresql.psycopg_any import get_adapters_template
from psycopg import Binary, abc, postgres
from psycopg.adapt import AdaptersMap, Dumper, Transformer


class HexadecimalDumper(Dumper):
    """Writes bytes in hexadecimal digits; without a connection psycopg writes up to 5 characters for a byte."""

    oid = postgres.types["bytea"].oid

    def dump(self, obj: Any) -> bytes:
        """Return the text form of the value."""
        return b"\\x" + _hexadecimal(obj)

    def quote(self, obj: Any) -> bytes:
        """Return the literal, without a backslash that standard_conforming_strings could change."""
        return b" E'\\\\x" + _hexadecimal(obj) + b"'"


def _hexadecimal(obj: Any) -> bytes:
    # A BinaryField wraps its bytes.
    return bytes(obj.obj if isinstance(obj, Binary) else obj).hex().encode()


@lru_cache
def data_api_adapters(use_tz: bool, timezone: tzinfo | None) -> AdaptersMap:  # noqa: FBT001  (Django's signature)
    """Return Django's adapters; a connection copies them."""
    adapters = AdaptersMap(get_adapters_template(use_tz, timezone))
    for cls in (bytes, bytearray, memoryview, Binary):
        adapters.register_dumper(cls, HexadecimalDumper)
    return adapters


class AdaptersContext(NamedTuple):
    """What psycopg takes for a context: adapters, and no connection of its own."""

    adapters: AdaptersMap
    connection: None = None


def new_transformer(adapters: AdaptersMap) -> abc.Transformer:
    """Return what converts values with these adapters."""
    return Transformer(AdaptersContext(adapters))
