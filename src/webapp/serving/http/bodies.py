"""Where a request's body ends among the bytes of a connection."""

import re

from webapp.serving.http.limits import BAD_REQUEST, BODY_TOO_LARGE, TRAILERS_TOO_LARGE, Refusal

_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")
# What chunks' extensions, and trailers, may have beside the bytes that every chunk needs, and beside a share of the
# data: signatures of chunks, which AWS's clients send, stay far below it.
_EXTRAS_BYTES = 16 * 1024
_SIZE_LINE_BYTES = 18
_DATA_BYTES_PER_EXTRA = 16


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

    def take(self, data: bytes | bytearray) -> int:
        """How many of these bytes are the body's."""
        taken = min(len(data), self._left)
        self._left -= taken
        return taken


class ChunkedBody:
    """A body in chunks of at most `max_bytes` together; the parser checks what this only measures.

    Finds the end before the parser sees it, so that what follows is never parsed as a part of this request.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._length = 0
        self._extras = 0
        # Of the chunk's data, and the line break after it.
        self._left = 0
        self._line = b""
        self._in_trailers = False
        self.is_complete = False

    def take(self, data: bytes | bytearray) -> int:
        """How many of these bytes are the body's; RefusedError when it is too large, or no body in chunks."""
        position = 0
        while position < len(data) and not self.is_complete:
            if self._left:
                step = min(self._left, len(data) - position)
                self._left -= step
                position += step
                continue
            end = data.find(b"\n", position) + 1
            if not end:
                self._line += data[position:]
                self._require_room(len(self._line))
                return len(data)
            line, self._line = self._line + data[position:end], b""
            position = end
            self._read_line(line)
        return position

    def _read_line(self, line: bytes) -> None:
        if not line.endswith(b"\r\n"):
            raise RefusedError(BAD_REQUEST)
        if self._in_trailers:
            self.is_complete = line == b"\r\n"
            self._count_extras(len(line))
            return
        size = line[:-2].partition(b";")[0]
        if _CHUNK_SIZE.fullmatch(size) is None:
            raise RefusedError(BAD_REQUEST)
        self._count_extras(max(0, len(line) - _SIZE_LINE_BYTES))
        length = int(size, 16)
        self._length += length
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
