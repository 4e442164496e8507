"""Reads the statements in the messages of a client of PostgreSQL."""

import struct
from collections.abc import Iterator

from django_runtimes.pinning.rules import Statement

# Codes in place of a protocol version: https://www.postgresql.org/docs/current/protocol-message-formats.html
_ENCRYPTION_REQUESTS = frozenset({80877103, 80877104})
_QUERY, _PARSE, _BIND, _SYNC = b"Q", b"P", b"B", b"S"
_INTEGER = struct.Struct("!i")
_SHORT = struct.Struct("!h")


class ClientStream:
    """The messages of one connection, in pieces of any size.

    A prepared statement counts each time it is executed, since its values count towards its size.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._has_started = False
        self._parsed: dict[bytes, str] = {}
        self._unbound: bytes | None = None

    def encryption_refused(self, data: bytes) -> bool:
        """Return whether the data are a request for encryption, which needs the answer N and has no statement."""
        return not self._has_started and not self._buffer and len(data) == 2 * _INTEGER.size and _code(data)

    def feed(self, data: bytes) -> Iterator[Statement]:
        """Yield the statements that the next piece of the stream completes."""
        self._buffer += data
        while (message := self._take()) is not None:
            kind, content = message
            yield from self._statements(kind, content)

    def _take(self) -> tuple[bytes, bytes] | None:
        """Remove the first complete message and return its type, empty for the first one, and its content."""
        begin = int(self._has_started)
        if len(self._buffer) < begin + _INTEGER.size:
            return None
        # The length includes itself.
        end = begin + _INTEGER.unpack_from(self._buffer, begin)[0]
        if len(self._buffer) < end:
            return None
        kind, content = bytes(self._buffer[:begin]), bytes(self._buffer[begin + _INTEGER.size : end])
        del self._buffer[:end]
        self._has_started = True
        return kind, content

    def _statements(self, kind: bytes, content: bytes) -> Iterator[Statement]:
        if kind == _QUERY:
            query = content.rstrip(b"\0")
            yield Statement(query.decode(errors="replace"), len(query))
        elif kind == _PARSE:
            yield from self._without_values()
            name, query, _ = content.split(b"\0", 2)
            self._parsed[name] = query.decode(errors="replace")
            self._unbound = name
        elif kind == _BIND:
            _, name, values = content.split(b"\0", 2)
            self._unbound = None
            text = self._parsed.get(name, "")
            yield Statement(text, len(text.encode()) + _bytes_of_values(values), named=bool(name))
        elif kind == _SYNC:
            yield from self._without_values()

    def _without_values(self) -> Iterator[Statement]:
        """Yield the statement that was prepared but not executed, if there is one."""
        if self._unbound is not None:
            text = self._parsed[self._unbound]
            yield Statement(text, len(text.encode()), named=bool(self._unbound))
            self._unbound = None


def _code(data: bytes) -> bool:
    return _INTEGER.unpack_from(data, _INTEGER.size)[0] in _ENCRYPTION_REQUESTS


def _bytes_of_values(content: bytes) -> int:
    """Return the size of the values in a Bind message, which follow their formats."""
    formats = _SHORT.unpack_from(content)[0]
    at = _SHORT.size * (1 + formats)
    number = _SHORT.unpack_from(content, at)[0]
    at += _SHORT.size
    total = 0
    for _ in range(number):
        # NULL has the length -1.
        length = max(0, _INTEGER.unpack_from(content, at)[0])
        at += _INTEGER.size + length
        total += length
    return total
