"""Where a request's body ends among the bytes of a connection."""

import re
from typing import NamedTuple

from django_runtimes.serving.http.limits import BAD_REQUEST, BODY_TOO_LARGE, TRAILERS_TOO_LARGE, Refusal

_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")
# What chunks' extensions, and trailers, may have beside the bytes that every chunk needs, and beside a share of the
# data: signatures of chunks, which AWS's clients send, stay far below it.
_EXTRAS_BYTES = 16 * 1024
_SIZE_LINE_BYTES = 18
_DATA_BYTES_PER_EXTRA = 16
# Every chunk costs time, however small: so many may be of any size, the others have to have 16 bytes on average.
_CHUNKS = 16 * 1024
_DATA_BYTES_PER_CHUNK = 16
# Read without a pause for other connections: about 2 ms.
_LINES_PER_TURN = 500

# A field line as the parser takes it in a head.
_TRAILER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t\x20-\x7e\x80-\xff]*\r\n")
_FRAMING_FIELDS = {b"content-length", b"transfer-encoding"}


class Taken(NamedTuple):
    """How many bytes are the body's, and what the parser is to see of them."""

    size: int
    parsed: bytes | bytearray


class RefusedError(Exception):
    """The body is not taken; `refusal` is the answer."""

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
        """What of these bytes is the body's."""
        taken = min(len(data), self._left)
        self._left -= taken
        return Taken(taken, data if taken == len(data) else data[:taken])


class ChunkedBody:
    """A body in chunks of at most `max_bytes` together; the parser checks what this only measures.

    Finds the end before the parser sees it, so that what follows is never parsed as a part of this request. The parser
    sees no trailers: it would take `Connection: close` among them for the connection's end, and refuse the next
    request.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._length = 0
        self._extras = 0
        self._chunks = 0
        # Of the chunk's data, and the line break after it.
        self._left = 0
        self._line = b""
        self._in_trailers = False
        self.is_complete = False

    def take(self, data: bytes | bytearray) -> Taken:
        """What of these bytes is the body's; RefusedError when it is too large, or no body in chunks.

        Less than there is when the chunks are small: the rest is for the connection's next turn.
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
    """RefusedError for what is no field, or would say where the body ends."""
    field = _TRAILER.fullmatch(line)
    if field is None or field[1].lower() in _FRAMING_FIELDS:
        raise RefusedError(BAD_REQUEST)
