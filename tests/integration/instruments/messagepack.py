"""Reads MessagePack, in which ddtrace sends its traces (https://github.com/msgpack/msgpack/blob/master/spec.md)."""

import struct
from typing import Any

# Keyed by a value's first byte: the format of the value, or of the length that precedes it.
_FIXED = {
    0xCA: ">f",
    0xCB: ">d",
    0xCC: ">B",
    0xCD: ">H",
    0xCE: ">I",
    0xCF: ">Q",
    0xD0: ">b",
    0xD1: ">h",
    0xD2: ">i",
    0xD3: ">q",
}
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
_BYTES = {0xC4: ">B", 0xC5: ">H", 0xC6: ">I"}
_TEXTS = {0xD9: ">B", 0xDA: ">H", 0xDB: ">I"}
_LISTS = {0xDC: ">H", 0xDD: ">I"}
_MAPS = {0xDE: ">H", 0xDF: ">I"}


def unpack(data: bytes) -> Any:
    """Return the one value in `data`; raise ValueError for an extension type, which traces do not use."""
    return _Reader(data).value()


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def value(self) -> Any:
        first = self._take(1)[0]
        if first < 0x80:
            return first
        if first >= 0xE0:
            return first - 0x100
        if first < 0x90:
            return self._map(first & 0x0F)
        if first < 0xA0:
            return self._list(first & 0x0F)
        if first < 0xC0:
            return self._take(first & 0x1F).decode()
        return self._long_value(first)

    def _long_value(self, first: int) -> Any:
        if first in _CONSTANTS:
            return _CONSTANTS[first]
        if first in _FIXED:
            return self._number(_FIXED[first])
        if first in _BYTES:
            return self._take(self._number(_BYTES[first]))
        if first in _TEXTS:
            return self._take(self._number(_TEXTS[first])).decode()
        if first in _LISTS:
            return self._list(self._number(_LISTS[first]))
        if first in _MAPS:
            return self._map(self._number(_MAPS[first]))
        raise ValueError(f"0x{first:02x} starts an extension type, which traces do not use")

    def _list(self, length: int) -> list[Any]:
        return [self.value() for _ in range(length)]

    def _map(self, length: int) -> dict[Any, Any]:
        return {self.value(): self.value() for _ in range(length)}

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _take(self, count: int) -> bytes:
        self._position += count
        return self._data[self._position - count : self._position]
