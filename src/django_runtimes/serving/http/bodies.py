"""Finds the end of a request's body in a connection's bytes."""

import re
from typing import NamedTuple

from django_runtimes.serving.http.limits import BAD_REQUEST, BODY_TOO_LARGE, TRAILERS_TOO_LARGE, Refusal

_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")
# The size allowed for chunk extensions and trailers, in addition to each chunk's size line and a share of the data. The
# chunk signatures that AWS's clients send are far smaller.
_EXTRAS_BYTES = 16 * 1024
_SIZE_LINE_BYTES = 18
_DATA_BYTES_PER_EXTRA = 16
# Every chunk takes time. A body may have this many chunks of any size, and one more for each 16 bytes of data.
_CHUNKS = 16 * 1024
_DATA_BYTES_PER_CHUNK = 16
# The lines that one turn reads before other connections get theirs; this takes about 2 ms.
_LINES_PER_TURN = 500

# A field line that the parser would accept in a head.
_TRAILER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t\x20-\x7e\x80-\xff]*\r\n")
_FRAMING_FIELDS = {b"content-length", b"transfer-encoding"}


class Taken(NamedTuple):
    """The number of bytes that belong to the body, and the bytes among them that the parser gets."""

    size: int
    parsed: bytes | bytearray


class RefusedError(Exception):
    """The body is rejected; `refusal` is the response."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.text)
        self.refusal = refusal


class SizedBody:
    """A body whose length was declared."""

    def __init__(self, length: int) -> None:
        self._left = length

    @property
    def is_complete(self) -> bool:
        return not self._left

    def take(self, data: bytes | bytearray) -> Taken:
        """Return the part of the data that belongs to the body."""
        taken = min(len(data), self._left)
        self._left -= taken
        return Taken(taken, data if taken == len(data) else data[:taken])


class ChunkedBody:
    """A chunked body of at most `max_bytes`; this class measures it, and the parser validates it.

    The end is found before the parser sees it, so that the bytes after it are never parsed as part of this request. The
    parser gets no trailers: it would apply a trailer `Connection: close` to the connection and reject the next request.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._length = 0
        self._extras = 0
        self._chunks = 0
        # The remaining bytes of the chunk's data and the line break after it.
        self._left = 0
        self._line = b""
        self._in_trailers = False
        self.is_complete = False

    def take(self, data: bytes | bytearray) -> Taken:
        """Return the part of the data that belongs to the body; raise RefusedError if it is too large or malformed.

        If there are many small chunks, return only the first of them; the connection's next turn reads the others.
        """
        position = lines = 0
        trailers_at = 0 if self._in_trailers else None
        while position < len(data) and not self.is_complete and lines < _LINES_PER_TURN:
            if self._left:
                step = min(self._left, len(data) - position)
                self._left -= step
                position += step
                continue
            end = data.find(b"\n", position) + 1
            if not end:
                self._line += data[position:]
                self._require_room(len(self._line))
                position = len(data)
                break
            line, self._line = self._line + data[position:end], b""
            position = end
            lines += 1
            self._read_line(line)
            if self._in_trailers and trailers_at is None:
                trailers_at = position
        if trailers_at is None:
            return Taken(position, data if position == len(data) else data[:position])
        return Taken(position, data[:trailers_at] + (b"\r\n" if self.is_complete else b""))

    def _read_line(self, line: bytes) -> None:
        if not line.endswith(b"\r\n"):
            raise RefusedError(BAD_REQUEST)
        if self._in_trailers:
            self._count_extras(len(line))
            self.is_complete = line == b"\r\n"
            if not self.is_complete:
                _require_trailer(line)
            return
        size = line[:-2].partition(b";")[0]
        if _CHUNK_SIZE.fullmatch(size) is None:
            raise RefusedError(BAD_REQUEST)
        self._count_extras(max(0, len(line) - _SIZE_LINE_BYTES))
        length = int(size, 16)
        self._length += length
        self._chunks += 1
        if self._chunks > _CHUNKS + self._length // _DATA_BYTES_PER_CHUNK:
            raise RefusedError(BAD_REQUEST)
        if self._length > self._max_bytes:
            raise RefusedError(BODY_TOO_LARGE)
        if length:
            self._left = length + 2
        else:
            self._in_trailers = True

    def _count_extras(self, count: int) -> None:
        self._require_room(count)
        self._extras += count

    def _require_room(self, count: int) -> None:
        if self._extras + count > _EXTRAS_BYTES + self._length // _DATA_BYTES_PER_EXTRA:
            raise RefusedError(TRAILERS_TOO_LARGE if self._in_trailers else BAD_REQUEST)


def _require_trailer(line: bytes) -> None:
    """Raise RefusedError for a line that is not a field, or a field that would declare the body's length."""
    field = _TRAILER.fullmatch(line)
    if field is None or field[1].lower() in _FRAMING_FIELDS:
        raise RefusedError(BAD_REQUEST)
