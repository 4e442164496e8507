"""Parses the heads of a connection's requests once they are complete and within limits."""

from typing import Any
from urllib.parse import unquote

import httptools

from django_runtimes.serving.http.limits import BAD_REQUEST, NO_TUNNEL, UNKNOWN_VERSION
from django_runtimes.serving.http.waiting import NO_LINE, WaitingProtocol

_HEAD_END = b"\r\n\r\n"


class HeadProtocol(WaitingProtocol):
    """Gives the parser one whole head at a time, and begins its request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The number of waiting bytes already searched for the end of the head.
        self._searched = 0
        # The bytes of empty lines since the last request.
        self._blank_bytes = 0
        self._head_complete = self._message_complete = False

    def _begin(self, rest: bytes | bytearray) -> bool:
        """Start the application for the request; return whether the connection stays HTTP."""
        raise NotImplementedError

    def _read_head(self, data: bytes | bytearray) -> bytes | bytearray:
        """Begin the request if its head is complete; return the bytes after the head."""
        if data[0] in b"\r\n":
            # Some clients send an empty line after a body.
            count = len(data)
            data = data.lstrip(b"\r\n")
            self._searched = 0
            self._blank_bytes += count - len(data)
            if self._blank_bytes > self._limits.blank_lines * len(b"\r\n"):
                self.end_silently()
                return b""
            if not data:
                return data
        end = data.find(_HEAD_END, self._searched) + len(_HEAD_END)
        if end < len(_HEAD_END):
            self._await_head(data)
            return b""
        self._searched = self._blank_bytes = 0
        head, rest = (data, b"") if end == len(data) else (data[:end], rest_after(data, end))
        limits = self._limits
        is_large = end > limits.request_line or end > limits.field or head.count(b"\n") > limits.fields
        if is_large and (refusal := limits.refuse_head(head)):
            self._refuse(refusal)
            return b""
        self._line.pop(self, None)
        self._line = NO_LINE
        return rest if self._parse_head(head) and self._names_http(head) and self._begin(rest) else b""

    def _await_head(self, beginning: bytes | bytearray) -> None:
        if refusal := self._limits.refuse_beginning(beginning, seen=self._searched):
            self._refuse(refusal)
            return
        self._searched = max(0, len(beginning) - len(_HEAD_END) + 1)
        self._set_aside(beginning if isinstance(beginning, bytearray) else bytearray(beginning))
        if self._line is not self._connections.heads:
            self._wait_in(self._connections.heads)

    def _parse_head(self, head: bytes | bytearray) -> bool:
        self._head_complete = self._message_complete = False
        try:
            self.parser.feed_data(head)
        except httptools.HttpParserUpgrade:
            return self._parse_head_with_upgrade(bytes(head))
        except httptools.HttpParserError:
            self._refuse(BAD_REQUEST)
            return False
        if not self._head_complete:
            self._refuse(BAD_REQUEST)
        return self._head_complete

    def _names_http(self, head: bytes | bytearray) -> bool:
        """Return whether the request line names HTTP, since the parser also accepts RTSP and ICE."""
        if head.find(b" HTTP/", 0, head.find(b"\r")) > 0:
            return True
        self._refuse(UNKNOWN_VERSION)
        return False

    def _parse_head_with_upgrade(self, head: bytes) -> bool:
        """Parse a head again, without its upgrade, if the upgrade is not to a websocket.

        The parser treats everything after an upgrade as another protocol.
        """
        if self.parser.get_method() == b"CONNECT":
            self._refuse(NO_TUNNEL)
            return False
        if self._is_websocket():
            return True
        lines = head.split(b"\r\n")
        upgrades = [line.split(b":", 1) for line in lines if line[:8].lower() == b"upgrade:"]
        self.parser = httptools.HttpRequestParser(self)
        if not self._parse_head(b"\r\n".join(line for line in lines if line[:8].lower() != b"upgrade:")):
            return False
        # The application still sees the header.
        headers: Any = self.scope["headers"]
        headers += [(b"upgrade", value.strip()) for _, value in upgrades]
        return True

    def _is_websocket(self) -> bool:
        names = {name for name, _ in self.headers}
        return (
            self._should_upgrade()
            and self.scope["method"] == "GET"
            and self.scope["http_version"] == "1.1"
            and not names & {b"content-length", b"transfer-encoding"}
        )

    def on_headers_complete(self) -> None:
        parser = self.parser
        self._head_complete = True
        self._keep_alive = parser.should_keep_alive()
        version, scope = parser.get_http_version(), self.scope
        scope["method"] = parser.get_method().decode("ascii")
        if version != "1.1":
            scope["http_version"] = version
            self._keep_alive = False
        if parser.should_upgrade():
            return
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        if "%" in path:
            path = unquote(path)
        scope["path"] = self.root_path + path
        scope["raw_path"] = self.root_path.encode("ascii") + url.path if self.root_path else url.path
        scope["query_string"] = url.query or b""


def rest_after(data: bytes | bytearray, size: int) -> bytes | bytearray:
    """Return the data after the first `size` bytes, which are deleted from a bytearray.

    Copying the rest after each of many small requests or chunks would take longer than serving them.
    """
    if isinstance(data, bytes):
        return data[size:]
    del data[:size]
    return data
