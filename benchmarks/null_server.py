"""`python -m benchmarks.null_server`: an HTTP server that answers every request at once, to test load generators."""

import asyncio
import sys

import httptools
import uvloop

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


class NullProtocol(asyncio.Protocol):
    """A connection that answers each complete request."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start to parse requests."""
        self._transport = transport
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        """Parse the data."""
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Answer a request; called by the parser."""
        self._transport.write(_ANSWER)  # type: ignore[attr-defined]  # a server's transports can write


async def main() -> None:
    """Serve until the process is ended, and print the port first."""
    server = await asyncio.get_running_loop().create_server(NullProtocol, "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
