"""The load generator's HTTP client: connections that are reused, and little work for each request."""

import asyncio
import os
import socket
import ssl
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from django_runtimes.compare.load.http_connection import ConnectionEndedError, HttpConnection, ReceivedResponse

_HTTPS = "https"
_PORTS = {"http": 80, _HTTPS: 443}
# These may be sent again after the server has closed a connection that was idle (RFC 9110, section 9.2.2).
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
_WITH_CONTENT = frozenset({"POST", "PUT", "PATCH"})
_DEFAULT_HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "User-Agent": "webapp-compare"}


class _Origin(NamedTuple):
    host: str
    port: int
    is_tls: bool
    # The path of the URL, to which the paths of requests are appended.
    path: str


class CannotConnectError(OSError):
    """No connection could be opened; `strerror` names the address and the reason."""


class HttpClient:
    """Sends requests over HTTP/1.1; follows no redirect and keeps no cookie.

    `headers` are sent with every request. A request without a complete response after `timeout_s` raises TimeoutError.
    A connection that was idle for `keepalive_s` is not used again. Without `tls`, certificates are checked as Python
    does by default.
    """

    def __init__(
        self, *, headers: Mapping[str, str], timeout_s: float, keepalive_s: float, tls: ssl.SSLContext | None = None
    ) -> None:
        self._headers = {**_DEFAULT_HEADERS, **headers}
        self._timeout_s = timeout_s
        self._keepalive_s = keepalive_s
        self._tls = tls
        self._idle: dict[_Origin, list[HttpConnection]] = {}

    def close(self) -> None:
        """Close the idle connections."""
        for connections in self._idle.values():
            for connection in connections:
                connection.abort()
        self._idle.clear()

    async def request(
        self, method: str, url: str, path: str, *, headers: Mapping[str, str], body: str | None
    ) -> ReceivedResponse:
        """Send a request to `path` below `url`, and return the whole response.

        Raise TimeoutError, CannotConnectError, socket.gaierror, ssl.SSLError or another OSError, ConnectionEndedError,
        IncompleteResponseError, MalformedResponseError, or ValueError for a header that cannot be sent.
        """
        origin = _origin_of(url)
        content = self._encoded(method, f"{origin.path}{path}", headers, body)
        async with asyncio.timeout(self._timeout_s):
            connection = self._take_idle(origin)
            if connection is not None:
                try:
                    return await self._exchange(connection, origin, method, content)
                except ConnectionEndedError:
                    if method not in _IDEMPOTENT:
                        raise
            connection = await self._connect(origin)
            return await self._exchange(connection, origin, method, content)

    async def _exchange(
        self, connection: HttpConnection, origin: _Origin, method: str, content: bytes
    ) -> ReceivedResponse:
        response = await connection.exchange(method, content)
        if connection.is_reusable:
            self._idle.setdefault(origin, []).append(connection)
        else:
            connection.abort()
        return response

    def _take_idle(self, origin: _Origin) -> HttpConnection | None:
        idle = self._idle.get(origin)
        if not idle:
            return None
        oldest_s = asyncio.get_running_loop().time() - self._keepalive_s
        while idle:
            connection = idle.pop()
            if connection.is_reusable and connection.idle_since_s > oldest_s:
                return connection
            # The connections before it were idle for longer.
            connection.abort()
        return None

    async def _connect(self, origin: _Origin) -> HttpConnection:
        tls: ssl.SSLContext | None = None
        if origin.is_tls:
            self._tls = tls = self._tls or ssl.create_default_context()
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(HttpConnection, origin.host, origin.port, ssl=tls)
        except (TimeoutError, socket.gaierror, ssl.SSLError):
            raise
        except OSError as error:
            reason = str(error) if error.errno is None else os.strerror(error.errno)
            raise CannotConnectError(error.errno, f"cannot connect to {origin.host}:{origin.port}: {reason}") from error
        return connection

    def _encoded(self, method: str, path: str, headers: Mapping[str, str], body: str | None) -> bytes:
        content = b"" if body is None else body.encode()
        sent = {name.lower(): f"{name}: {value}" for name, value in self._headers.items()}
        if content or method in _WITH_CONTENT:
            sent["content-length"] = f"Content-Length: {len(content)}"
            sent.setdefault("content-type", "Content-Type: text/plain; charset=utf-8")
        for name, value in headers.items():
            sent[name.lower()] = f"{name}: {value}"
        lines = [f"{method} {path} HTTP/1.1", *sent.values()]
        for line in lines:
            if "\n" in line or "\r" in line:
                raise ValueError(f"{line!r} contains a line break; remove it")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@lru_cache(maxsize=64)
def _origin_of(url: str) -> _Origin:
    parts = urlsplit(url)
    return _Origin(
        host=parts.hostname or "",
        port=parts.port or _PORTS[parts.scheme],
        is_tls=parts.scheme == _HTTPS,
        path=parts.path.rstrip("/"),
    )
