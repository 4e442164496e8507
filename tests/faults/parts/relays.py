"""A relay between the application and its database: repointed, delaying, counting."""

import asyncio
import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class Relay:
    """Forwards connections of 127.0.0.1 to a port there, on a thread of its own; a context manager.

    New connections go where `target` points; those that exist stay where they are. Each direction takes
    `delay_s`, whatever the other does, and `round_trips` counts how often the server's first byte after
    the client's turned the direction of the talk. The handshake of TCP itself is not delayed.
    """

    def __init__(self, target: int = 0) -> None:
        self.target = target
        self.delay_s = 0.0
        self.host = "127.0.0.1"
        self.port = 0
        self.round_trips = 0
        self.connections = 0
        self._talks: set[asyncio.Task[None]] = set()
        self._end = asyncio.Event()

    def __enter__(self) -> Self:
        self._listener = socket.create_server((self.host, 0), backlog=1024)
        self.port = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._serve()], name="relay")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._accept, sock=self._listener)
        await self._end.wait()
        server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        # Aborted transports close when the loop comes round.
        await asyncio.sleep(0)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        self.connections += 1
        ends = [writer]
        try:
            onward_reader, onward_writer = await asyncio.open_connection(self.host, self.target)
            ends.append(onward_writer)
            asked = [False]
            async with asyncio.TaskGroup() as group:
                group.create_task(self._forward(reader, onward_writer, asked, is_question=True))
                group.create_task(self._forward(onward_reader, writer, asked, is_question=False))
        except* (OSError, asyncio.CancelledError):
            # Refused as the server refuses, cut as it cuts.
            pass
        finally:
            for end in ends:
                end.transport.abort()
            self._talks.discard(talk)

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: list[bool], *, is_question: bool
    ) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if is_question:
                    asked[0] = True
                elif asked[0]:
                    asked[0] = False
                    self.round_trips += 1
                if self.delay_s:
                    loop.call_later(self.delay_s, _write, writer, data)
                else:
                    _write(writer, data)
        # Behind what is still on its way.
        await asyncio.sleep(self.delay_s)
        writer.close()


def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    if not writer.is_closing():
        writer.write(data)
