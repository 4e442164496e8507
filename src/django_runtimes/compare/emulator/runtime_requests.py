"""Receives the requests of one process over HTTP/1.1, with the trailers that aiohttp's server drops."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from http import HTTPStatus

_CLOSE_TIMEOUT_S = 0.05
_LOST = (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError)


class RuntimeRequest:
    """A request whose body has not been read yet; the names of headers and trailers are lowercase."""

    def __init__(self, head: bytes, reader: asyncio.StreamReader) -> None:
        line, *fields = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        self.method, self.path, _ = line.split(" ")
        self.headers = _fields(fields)
        self.trailers: dict[str, str] = {}
        self._reader = reader

    async def body(self) -> bytes:
        """Read the whole body."""
        return b"".join([chunk async for chunk in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        """Read the body's chunks as they arrive, and then the trailers."""
        if self.headers.get("transfer-encoding") != "chunked":
            if length := int(self.headers.get("content-length", "0")):
                yield await self._reader.readexactly(length)
            return
        while length := int(await self._line(), 16):
            yield (await self._reader.readexactly(length + 2))[:length]
        trailers = []
        while line := await self._line():
            trailers.append(line)
        self.trailers = _fields(trailers)

    async def _line(self) -> str:
        return (await self._reader.readuntil(b"\r\n"))[:-2].decode("latin-1")


class RuntimeReply:
    """An answer; `content` is sent as JSON unless it is bytes, which are JSON already."""

    def __init__(self, status: HTTPStatus, content: object, headers: Mapping[str, str] | None = None) -> None:
        self._status = status
        self._body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self._headers = {"Content-Type": "application/json", **(headers or {}), "Content-Length": len(self._body)}

    def encoded(self) -> bytes:
        """Return the whole answer."""
        fields = "".join(f"{name}: {value}\r\n" for name, value in self._headers.items())
        return f"HTTP/1.1 {self._status.value} {self._status.phrase}\r\n{fields}\r\n".encode() + self._body


class RuntimeServer:
    """Answers requests on `listener`; asyncio sets TCP_NODELAY, without which an answer may take 40 ms."""

    def __init__(self, answer: Callable[[RuntimeRequest], Awaitable[RuntimeReply]], listener: socket.socket) -> None:
        self._answer = answer
        self._listener = listener
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Start answering."""
        self._server = await asyncio.start_server(self._connected, sock=self._listener)

    async def close(self) -> None:
        """Stop listening, cancel the requests that do not end at once, and drop the connections."""
        self._server.close()
        if self._connections:
            _, unfinished = await asyncio.wait(self._connections, timeout=_CLOSE_TIMEOUT_S)
            for connection in unfinished:
                connection.cancel()
            if unfinished:
                await asyncio.wait(unfinished)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  (a coroutine runs in one)
        self._connections.add(task)
        try:
            # A process may end at any time.
            with suppress(*_LOST, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            self._connections.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                return
            request = RuntimeRequest(head, reader)
            if request.headers.get("expect") == "100-continue":
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            answer = await self._answered(request, reader)
            if answer is None:
                return
            writer.write(answer.encoded())
            await writer.drain()

    async def _answered(self, request: RuntimeRequest, reader: asyncio.StreamReader) -> RuntimeReply | None:
        """Return the answer; None if the process has closed the connection while it waited for one."""
        if request.method != "GET":
            # A request with a body reads from the connection itself.
            return await self._answer(request)
        answer = asyncio.ensure_future(self._answer(request))
        # Nothing sends a second request before the answer to the first.
        closed = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({answer, closed}, return_when=asyncio.FIRST_COMPLETED)
            return answer.result() if answer.done() else None
        finally:
            answer.cancel()
            closed.cancel()
            # Until it has ended, nothing else may read from the connection.
            await asyncio.wait({answer, closed})


def _fields(lines: list[str]) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines)
    return {name.lower(): value.strip() for name, _, value in pairs}
