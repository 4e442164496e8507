"""Limits on the size and the speed of requests, and on the number of connections."""

import re
import resource
from dataclasses import dataclass, replace
from typing import NamedTuple

# Every method that the parser accepts is shorter than 32 characters.
_REQUEST_LINE_START = re.compile(rb"[A-Z-]{1,32}(?: |\Z)")
_BARE_LINE_FEED = re.compile(rb"(?:\A|[^\r])\n")

_MAX_CONNECTIONS = 10_000
# Each body may hold 2.5 MB in memory before Django writes it to disk.
_MAX_BODIES = 128
_SMALLEST_RESERVE, _LARGEST_RESERVE = 64, 512
# A body above Django's in-memory limit needs a second descriptor, for its file.
_CONNECTIONS_PER_BODY = 4
_MIN_RESERVED, _CONNECTIONS_PER_RESERVED = 8, 10
_MESSAGES_AT_ONCE = 8
_MIN_MESSAGES_BYTES = _MESSAGES_AT_ONCE * 2**20


class Refusal(NamedTuple):
    """A response that the server itself sends before it closes the connection."""

    status: int
    text: str


BAD_REQUEST = Refusal(400, "Invalid HTTP request received.")
HEAD_TIMEOUT = Refusal(408, "The request's headers took too long.")
BODY_TIMEOUT = Refusal(408, "The request's body took too long.")
BODY_TOO_LARGE = Refusal(413, "The request's body is larger than this server accepts.")
LINE_TOO_LONG = Refusal(414, "The request line is longer than this server accepts.")
HEADERS_TOO_LARGE = Refusal(431, "The request has more or larger headers than this server accepts.")
TRAILERS_TOO_LARGE = Refusal(431, "The request's trailers are larger than this server accepts.")
NO_TUNNEL = Refusal(501, "This server does not support CONNECT.")
UNKNOWN_CODING = Refusal(501, "This server supports only the transfer coding chunked.")
TOO_MANY_BODIES = Refusal(503, "The server is receiving too many requests.")
TOO_MANY_CONNECTIONS = Refusal(503, "Too many connections are busy.")
UNKNOWN_VERSION = Refusal(505, "This server supports only HTTP/1.0 and HTTP/1.1.")


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, times in seconds, and numbers per worker.

    The limits on the request line, a field and the number of fields are gunicorn's defaults; AWS's Application Load
    Balancer has the same limit on the whole head. A body must not pause for `body_pause_s`, and must arrive at
    `body_bytes_per_s`, Apache's minimum rate, once `body_grace_s` have passed.
    """

    request_line: int = 8_190
    field: int = 8_190
    fields: int = 100
    head: int = 65_536
    blank_lines: int = 16
    body: int = 100 * 2**20
    # A websocket message after inflating.
    message: int = 2**20
    # Incomplete heads and pipelined requests of all connections together.
    unparsed: int = 8 * 2**20
    head_s: float = 30.0
    idle_s: float = 75.0
    body_pause_s: float = 30.0
    body_grace_s: float = 20.0
    body_bytes_per_s: int = 500
    # How long a client may stop reading its response.
    write_pause_s: float = 60.0
    # nginx's lingering_timeout and lingering_time.
    linger_pause_s: float = 5.0
    linger_s: float = 30.0
    connections: int = _MAX_CONNECTIONS
    bodies: int = _MAX_BODIES

    @property
    def reserved(self) -> int:
        """The number of connections reserved for short requests."""
        wanted = max(_MIN_RESERVED, self.connections // _CONNECTIONS_PER_RESERVED)
        return min(wanted, self.connections // 2)

    @property
    def messages(self) -> int:
        """The most bytes of messages that all websockets may hold together."""
        return max(_MESSAGES_AT_ONCE * self.message, _MIN_MESSAGES_BYTES)

    def for_descriptors(self, descriptors: int) -> "Limits":
        """Return these limits with numbers of connections and bodies that fit the process's limit on open files.

        A quarter of the files, at least 64 and at most 512, stays free for databases, logs and the application.
        """
        reserve = min(max(descriptors // 4, _SMALLEST_RESERVE), _LARGEST_RESERVE)
        connections = (descriptors - reserve) * _CONNECTIONS_PER_BODY // (_CONNECTIONS_PER_BODY + 1)
        connections = min(max(connections, descriptors // 4, 1), _MAX_CONNECTIONS)
        bodies = min(max(connections // _CONNECTIONS_PER_BODY, 1), _MAX_BODIES)
        return replace(self, connections=connections, bodies=bodies)

    def refuse_head(self, head: bytes | bytearray) -> Refusal | None:
        """Return the refusal of a whole head, or None if it is within the limits."""
        line, *fields = head.split(b"\r\n")
        if len(line) > self.request_line:
            return LINE_TOO_LONG
        # The last two fields are the empty strings at the head's end.
        if len(head) > self.head or len(fields) - 2 > self.fields or max(map(len, fields)) > self.field:
            return HEADERS_TOO_LARGE
        return None

    def refuse_beginning(self, head: bytes | bytearray, *, seen: int) -> Refusal | None:
        """Return the refusal of an incomplete head, or None; the first `seen` bytes were checked before."""
        if not seen and _REQUEST_LINE_START.match(head[:33]) is None:
            return BAD_REQUEST
        if _BARE_LINE_FEED.search(head, max(seen - 1, 0)):
            return BAD_REQUEST
        if len(head) > self.request_line and not 0 <= head.find(b"\r\n") <= self.request_line:
            return LINE_TOO_LONG
        return HEADERS_TOO_LARGE if len(head) > self.head else None


def open_files() -> int:
    """Return how many files this process may have open at once."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2**20 if soft == resource.RLIM_INFINITY else soft
