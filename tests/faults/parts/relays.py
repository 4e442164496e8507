"""A relay between the application and its database, which can change its target, delay data and count round trips."""

import asyncio
import contextlib
import re
import socket
import threading
import time
from types import TracebackType
from typing import Self

# A simple query, which begins with its length.
_RESET = re.compile(rb"Q.{4}DISCARD ", re.DOTALL)


class Relay:
    """Forwards connections to a port of 127.0.0.1 in its own thread; a context manager.

    New connections go to `target`; existing ones stay where they are. Each direction is delayed by `delay_s`,
    independently of the other. The TCP handshake itself is not delayed.

    `round_trips` counts the server's answers to data from the client, without the answer to the reset of a pooled
    session. That reset follows the response, so its answer would depend on the moment at which the count is read.
    """

    def __init__(self, target: int = 0) -> None:
        self.target = target
        self.delay_s = 0.0
        self.host = "127.0.0.1"
        self.port = 0
        self.round_trips = 0
        self.connections = 0
        self._active_s = time.monotonic()
        self._tasks: set[asyncio.Task[None]] = set()
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

    async def until_quiet(self) -> None:
        """Wait until half a second and four delays have passed without data."""
        while (rest_s := self._active_s + 0.5 + 4 * self.delay_s - time.monotonic()) > 0:  # noqa: ASYNC110 - no event signals it
            await asyncio.sleep(rest_s)

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._accept, sock=self._listener)
        await self._end.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # Aborted transports close in the next iteration of the loop.
        await asyncio.sleep(0)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self._active_s = time.monotonic()
        ends = [writer]
        try:
            onward_reader, onward_writer = await asyncio.open_connection(self.host, self.target)
            ends.append(onward_writer)
            has_asked = [False]
            async with asyncio.TaskGroup() as group:
                group.create_task(self._forward(reader, onward_writer, has_asked, is_question=True))
                group.create_task(self._forward(onward_reader, writer, has_asked, is_question=False))
        except* (OSError, asyncio.CancelledError):
            # The client's connection is closed below if the server refuses or drops the other connection.
            pass
        finally:
            for end in ends:
                end.transport.abort()
            self._tasks.discard(task)

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, has_asked: list[bool], *, is_question: bool
    ) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                self._active_s = time.monotonic()
                if is_question:
                    has_asked[0] = not _RESET.match(data)
                elif has_asked[0]:
                    has_asked[0] = False
                    self.round_trips += 1
                if self.delay_s:
                    loop.call_later(self.delay_s, _write, writer, data)
                else:
                    _write(writer, data)
        # Close only after the delayed data has been written.
        await asyncio.sleep(self.delay_s)
        writer.close()


def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    if not writer.is_closing():
        writer.write(data)
