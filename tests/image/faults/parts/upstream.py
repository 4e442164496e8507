"""A server behind a load balancer, which keeps connections open and never retries."""

import asyncio
import time
from urllib.parse import urlsplit

from tests.image.faults.parts.serving import HOST


class Upstream:
    """Sends requests on the newest connection that has been idle for less than `idle_s`, or on a new one."""

    def __init__(self, url: str, *, idle_s: float = 60.0) -> None:
        parts = urlsplit(url)
        self.url = url
        self._address = (parts.hostname, parts.port)
        self._idle_s = idle_s
        self._idle: list[UpstreamConnection] = []

    async def ask(self, path: str, *, method: str = "GET", body: bytes = b"", headers: str = "") -> int:
        """Return the status; raise OSError or EOFError without a complete response."""
        while self._idle and time.monotonic() > self._idle[0].idle_since_s + self._idle_s:
            self._idle.pop(0).close()
        connection = self._idle.pop() if self._idle else await UpstreamConnection.open(*self._address)
        try:
            status, keep = await connection.ask(path, method=method, body=body, headers=headers)
        except BaseException:
            connection.close()
            raise
        if keep:
            self._idle.append(connection)
        else:
            connection.close()
        return status

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()


class UpstreamConnection:
    """A connection that stays open until either side closes it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.idle_since_s = time.monotonic()

    @classmethod
    async def open(cls, host: str | None, port: int | None) -> "UpstreamConnection":
        """Open a connection."""
        return cls(*await asyncio.open_connection(host, port))

    async def ask(self, path: str, *, method: str = "GET", body: bytes = b"", headers: str = "") -> tuple[int, bool]:
        """Return the status and whether the server keeps the connection open.

        Raise OSError or EOFError without a complete response.
        """
        self._writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\n"
            f"Content-Length: {len(body)}\r\n{headers}\r\n".encode()
            + body
        )
        await self._writer.drain()
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin1").lower().split("\r\n")
        fields = dict(line.split(": ", 1) for line in head[1:] if line)
        await self._reader.readexactly(int(fields["content-length"]))
        self.idle_since_s = time.monotonic()
        return int(head[0].split()[1]), fields.get("connection") != "close"

    async def wait_closed_by_server(self) -> float:
        """Wait until the server closes the connection, and return the seconds that it was idle."""
        await self._reader.read()
        return time.monotonic() - self.idle_since_s

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()
