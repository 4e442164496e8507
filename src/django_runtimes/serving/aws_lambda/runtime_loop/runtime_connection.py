"""HTTP exchanges with the Runtime API of an execution environment."""

from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse
from typing import NamedTuple

_LAST_CHUNK = b"0\r\n"
# An API that closes an idle connection answers nothing on it; RemoteDisconnected is a ConnectionError too.
_LOST = (ConnectionError, HTTPException)


class RuntimeAnswer(NamedTuple):
    """An answer of the Runtime API."""

    status: int
    headers: HTTPMessage
    body: bytes


class RuntimeConnection:
    """One connection that is kept open between requests; `address` is the Runtime API's host:port.

    It has no timeout: the request for the next invocation waits until one arrives.
    """

    def __init__(self, address: str) -> None:
        self._http = HTTPConnection(address)

    def exchange(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> RuntimeAnswer:
        """Send a request and return its answer; raise OSError or HTTPException if the API does not answer."""
        is_reused = self._http.sock is not None
        try:
            return self._exchange(method, path, body, headers)
        except _LOST:
            self.close()
            if not is_reused:
                raise
        return self._exchange(method, path, body, headers)

    def begin_chunks(self, path: str, headers: Mapping[str, str]) -> None:
        """Begin to send a body in chunks, on a connection of its own."""
        # An idle connection that the API has closed would lose the first chunks.
        self.close()
        self._http.putrequest("POST", path)
        for name, value in headers.items():
            self._http.putheader(name, value)
        self._http.endheaders()

    def send_chunk(self, chunk: bytes | memoryview) -> None:
        """Send one chunk, which must not be empty."""
        self._http.send(b"".join((b"%x\r\n" % len(chunk), chunk, b"\r\n")))

    def end_chunks(self, trailers: Mapping[str, str]) -> RuntimeAnswer:
        """Send the end of the body with its trailers, return the answer, and close the connection."""
        fields = "".join(f"{name}: {value}\r\n" for name, value in trailers.items())
        try:
            self._http.send(_LAST_CHUNK + fields.encode("ascii") + b"\r\n")
            return _read(self._http.getresponse())
        finally:
            # https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html requires it.
            self.close()

    def close(self) -> None:
        """Close the connection; the next request opens another one."""
        self._http.close()

    def _exchange(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None) -> RuntimeAnswer:
        self._http.request(method, path, body, headers or {})
        return _read(self._http.getresponse())


def _read(response: HTTPResponse) -> RuntimeAnswer:
    with response:
        return RuntimeAnswer(response.status, response.headers, response.read())
