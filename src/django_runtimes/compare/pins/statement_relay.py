"""Forwards connections to PostgreSQL or its proxy, and notes the statements that the clients send."""

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Self

from django_runtimes.compare.pins.client_stream import ClientStream
from django_runtimes.pinning.rules import Statement

_HOST = "127.0.0.1"
_PIECE_BYTES = 65_536
_NO_ENCRYPTION = b"N"


class StatementRelay:
    """Listens on 127.0.0.1 and connects each client to `host`:`port`.

    It refuses encryption, so clients that require it cannot connect.
    """

    def __init__(self, host: str, port: int, observe: Callable[[Statement], None]) -> None:
        self._upstream = host, port
        self._observe = observe
        self._connections: set[asyncio.Task[None]] = set()
        self.host, self.port = _HOST, 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, _HOST)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError):
                server_reader, server_writer = await asyncio.open_connection(*self._upstream)
                try:
                    answers = asyncio.create_task(_copy(server_reader, writer))
                    await self._forward(reader, writer, server_writer)
                    await answers
                finally:
                    server_writer.close()
        finally:
            writer.close()

    async def _forward(
        self, reader: asyncio.StreamReader, client: asyncio.StreamWriter, server: asyncio.StreamWriter
    ) -> None:
        stream = ClientStream()
        while data := await reader.read(_PIECE_BYTES):
            if stream.encryption_refused(data):
                client.write(_NO_ENCRYPTION)
                continue
            for statement in stream.feed(data):
                self._observe(statement)
            server.write(data)
            await server.drain()
        server.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_PIECE_BYTES):
            writer.write(data)
            await writer.drain()
    writer.close()
