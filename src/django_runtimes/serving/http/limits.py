"""What one client may send, how slowly, and how many clients may be connected."""

import re
import resource
from dataclasses import dataclass, replace
from typing import NamedTuple

# Larger than any method that the parser knows.
_REQUEST_LINE_START = re.compile(rb"[A-Z-]{1,32}(?: |\Z)")
_BARE_LINE_FEED = re.compile(rb"(?:\A|[^\r])\n")

_MOST_CONNECTIONS = 10_000
# Each may keep 2.5 MB in memory before it goes to disk.
_MOST_BODIES = 128
_SMALLEST_RESERVE, _LARGEST_RESERVE = 64, 512
# A body beyond Django's in-memory limit takes a second descriptor, for its file.
_CONNECTIONS_PER_BODY = 4
_FEWEST_RESERVED, _CONNECTIONS_PER_RESERVED = 8, 10
_MESSAGES_TOGETHER = 8
_LEAST_FOR_MESSAGES = _MESSAGES_TOGETHER * 2**20


class Refusal(NamedTuple):
    """An answer that the server gives without the application, and closes the connection after."""

    status: int
    text: str


BAD_REQUEST = Refusal(400, "Invalid HTTP request received.")
HEAD_TIMEOUT = Refusal(408, "The request's headers took too long.")
BODY_TIMEOUT = Refusal(408, "The request's body took too long.")
BODY_TOO_LARGE = Refusal(413, "The request's body is larger than this server takes.")
LINE_TOO_LONG = Refusal(414, "The request line is longer than this server takes.")
HEADERS_TOO_LARGE = Refusal(431, "The request's headers are larger, or more, than this server takes.")
TRAILERS_TOO_LARGE = Refusal(431, "The request's trailers are larger than this server takes.")
NO_TUNNEL = Refusal(501, "This server opens no tunnels.")
UNKNOWN_CODING = Refusal(501, "This server knows no other transfer coding than chunked.")
TOO_MANY_BODIES = Refusal(503, "Too many requests are being received.")
TOO_MANY_CONNECTIONS = Refusal(503, "Too many connections are busy.")
UNKNOWN_VERSION = Refusal(505, "This server speaks HTTP/1.0 and HTTP/1.1.")


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, times in seconds, numbers for one worker.

    The request line, the fields and their number are gunicorn's settings of these names; the whole head is what AWS's
    Application Load Balancer takes. A body must arrive without a pause of `body_pause_s`, and at `body_bytes_per_s`
    once `body_grace_s` have passed: the rate that Apache asks for.
    """

    request_line: int = 8_190
    field: int = 8_190
    fields: int = 100
    head: int = 65_536
    blank_lines: int = 16
    body: int = 100 * 2**20
    # Of a websocket, inflated.
    message: int = 2**20
    # Heads that are not whole, and requests before their turn, of all connections together.
    unparsed: int = 8 * 2**20
    head_s: float = 30.0
    idle_s: float = 75.0
    body_pause_s: float = 30.0
    body_grace_s: float = 20.0
    body_bytes_per_s: int = 500
    # How long a client may take nothing of an answer.
    write_pause_s: float = 60.0
    # nginx's lingering_timeout and lingering_time.
    linger_pause_s: float = 5.0
    linger_s: float = 30.0
    connections: int = _MOST_CONNECTIONS
    bodies: int = _MOST_BODIES

    @property
    def reserved(self) -> int:
        """How many of the connections are for short requests only."""
        wanted = max(_FEWEST_RESERVED, self.connections // _CONNECTIONS_PER_RESERVED)
        return min(wanted, self.connections // 2)

    @property
    def messages(self) -> int:
        """How much of messages all websockets together may hold, in bytes."""
        return max(_MESSAGES_TOGETHER * self.message, _LEAST_FOR_MESSAGES)

    def for_descriptors(self, descriptors: int) -> "Limits":
        """These limits, with as many connections and bodies as a process may open files.

        A quarter of the files, 64 to 512 of them, stays for what is no connection: databases, logs, the application.
        """
        reserve = min(max(descriptors // 4, _SMALLEST_RESERVE), _LARGEST_RESERVE)
        connections = (descriptors - reserve) * _CONNECTIONS_PER_BODY // (_CONNECTIONS_PER_BODY + 1)
        connections = min(max(connections, descriptors // 4, 1), _MOST_CONNECTIONS)
        bodies = min(max(connections // _CONNECTIONS_PER_BODY, 1), _MOST_BODIES)
        return replace(self, connections=connections, bodies=bodies)

    def refuse_head(self, head: bytes | bytearray) -> Refusal | None:
        """Why a whole head is not taken; None when it is."""
        line, *fields = head.split(b"\r\n")
        if len(line) > self.request_line:
            return LINE_TOO_LONG
        # Two empty ones end the head.
        if len(head) > self.head or len(fields) - 2 > self.fields or max(map(len, fields)) > self.field:
            return HEADERS_TOO_LARGE
        return None

    def refuse_beginning(self, head: bytes | bytearray, *, seen: int) -> Refusal | None:
        """Why the beginning of a head is not taken, of which `seen` bytes were asked about before."""
        if not seen and _REQUEST_LINE_START.match(head[:33]) is None:
            return BAD_REQUEST
        if _BARE_LINE_FEED.search(head, max(seen - 1, 0)):
            return BAD_REQUEST
        if len(head) > self.request_line and not 0 <= head.find(b"\r\n") <= self.request_line:
            return LINE_TOO_LONG
        return HEADERS_TOO_LARGE if len(head) > self.head else None


def open_files() -> int:
    """How many files this process may have open at once."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2**20 if soft == resource.RLIM_INFINITY else soft
