"""uvicorn's websockets with limits on the messages that wait for the application."""

import asyncio
import codecs
import logging
import re
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.frames import CloseCode, Frame

from django_runtimes.serving.http.budgets.byte_budget import ByteBudget
from django_runtimes.serving.http.budgets.turns import Turns
from django_runtimes.serving.http.limits import BAD_REQUEST
from django_runtimes.serving.http.websocket_outlet import READ_BYTES, WebSocketOutlet
from django_runtimes.serving.http.worker_connections import Connections

logger = logging.getLogger("uvicorn.error")

# The number of bytes parsed at once. deflate expands one byte to at most 1,032, so a piece holds one or two messages of
# the largest size, or 170 of the smallest.
_PIECE_BYTES = 1024
# The size of a message's dictionary.
_MESSAGE_BYTES = 200
_Utf8Decoder = codecs.getincrementaldecoder("utf-8")
# The first bytes of characters that take 4 bytes, and 2 bytes, in a `str`.
_BEYOND_BASIC_PLANE = re.compile(rb"[\xf0-\xf4]")
_BEYOND_LATIN_1 = re.compile(rb"[\xc4-\xef]")


def websockets_among(connections: Connections) -> Callable[..., asyncio.Protocol]:
    """Return the factory of one worker's websockets, which share its limits on memory and time."""
    return partial(LimitedWebSocket, budget=connections.messages, turns=connections.turns)


class LimitedWebSocket(WebSocketsSansIOProtocol):
    """Parses the next message once the application has received those before it.

    uvicorn pauses only the transport, and still parses and inflates everything from the last read.
    """

    queue: "_Messages"

    def __init__(self, *args: Any, budget: ByteBudget, turns: Turns, **kwargs: Any) -> None:
        """Create the protocol; `budget` and `turns` belong to the worker."""
        super().__init__(*args, **kwargs)
        self.queue = _Messages()
        self._budget = budget
        self._turns = turns
        self._unparsed = bytearray()
        self._message = bytearray()

    # Called by the transport

    def data_received(self, data: bytes | memoryview) -> None:
        """Receive data; frames are parsed in this websocket's turn."""
        if not self.handshake_initiated:
            self._read_handshake(bytes(data))
        elif self.transport.is_closing():
            self.transport.pause_reading()
            self._turns.wait(self._resume_discarding)
        else:
            self._unparsed += data
            if len(self._unparsed) >= READ_BYTES:
                self.transport.pause_reading()
            self._note_held()
            self._turns.wait(self._parse)

    def _resume_discarding(self) -> bool:
        self.transport.resume_reading()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Drop unparsed data."""
        super().connection_lost(exc)
        self._forget_parts()

    def shutdown(self) -> None:
        """Send a close frame because the server stops, unless the websocket is closing already."""
        try:
            super().shutdown()
        except InvalidState:
            # No close frame can be sent in this state, so only close the transport.
            self.transport.close()

    # Called by the application

    async def receive(self) -> Any:
        """Return the next ASGI message; resume reading once the application has received all messages."""
        message = await self.queue.get()
        if self.read_paused and self.queue.empty():
            self.read_paused = False
            self._read_on()
        self._note_held(made_progress=True)
        return message

    async def send(self, message: Any) -> None:
        """Send an ASGI message; after the last one, only wait for the client's close frame."""
        await super().send(message)
        if self.close_sent:
            self._read_on()

    async def run_asgi(self) -> None:
        """Run the application, then drop messages that it did not receive."""
        try:
            await super().run_asgi()
        finally:
            self.queue.drop()
            self._note_held()

    # Called by the budget

    def release_bytes(self) -> None:
        """Close with code 1013, and drop the messages that wait for the application."""
        self.queue.drop()
        self._forget_parts()
        if self.disconnected:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": CloseCode.ABNORMAL_CLOSURE})
            return
        logger.warning(
            "websockets together reached their memory limit; the one holding the most for the longest time is closed"
        )
        # From now on, the application's sends fail because its client has disconnected.
        self.disconnected = True
        self.stop_keepalive()
        self.conn.fail(CloseCode.TRY_AGAIN_LATER, "too many messages are waiting; try again later")
        self.handle_parser_exception()

    def handle_parser_exception(self) -> None:
        """Send the close frame with its reason, so that even a client that is still sending receives it."""
        close = self.conn.close_sent
        assert close is not None  # noqa: S101  (the caller has set it)
        self.queue.put_nowait({"type": "websocket.disconnect", "code": close.code, "reason": close.reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self._outlet.leave()

    # Parsing

    def _read_handshake(self, head: bytes) -> None:
        super().data_received(head)
        if not self.handshake_initiated:
            # uvicorn sends no response to handshakes that only the websockets library rejects.
            answer = b"".join(self.conn.data_to_send()) or self.conn.reject(*BAD_REQUEST).serialize()
            self.transport.write(answer)
            self._outlet.leave()

    def _parse(self) -> bool:
        """Parse a piece of the received data; return whether there is more to parse now."""
        if self.transport.is_closing():
            self._forget_parts()
            return False
        if self.read_paused:
            return False
        piece = bytes(self._unparsed[:_PIECE_BYTES])
        del self._unparsed[:_PIECE_BYTES]
        super().data_received(piece)
        self._note_held()
        if self._unparsed and not self.read_paused:
            return True
        if not self.read_paused:
            self.transport.resume_reading()
        return False

    def _read_on(self) -> None:
        if self._unparsed:
            self._turns.wait(self._parse)
        else:
            self.transport.resume_reading()

    def handle_cont(self, event: Frame) -> None:
        """Append a fragment to one buffer per message: separate objects would take more memory than small fragments."""
        if self.frames:
            self._message = bytearray(self.frames.pop())
        self._message += event.data
        if event.fin:
            self.frames = [bytes(self._message)]
            self._message.clear()
            self.send_receive_event_to_app()

    def send_receive_event_to_app(self) -> None:
        """Pass the message on; close with code 1007 on invalid UTF-8, for which uvicorn would log a traceback."""
        content = b"".join(self.frames)
        if self.curr_msg_data_type == "text" and not self.close_sent and not content.isascii():
            text_bytes = _decoded_bytes(content)
            if text_bytes is None:
                self.frames = []
                self.conn.fail(CloseCode.INVALID_DATA, "text must be UTF-8")
                self.handle_parser_exception()
                return
            # Counted before decoding, since the message and its text are in memory at the same time.
            self._note_held(coming_bytes=text_bytes)
            if self.close_sent:
                return
        super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        """Send a pong, unless the client does not read."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    # Memory

    @property
    def _outlet(self) -> WebSocketOutlet:
        return cast("WebSocketOutlet", self.transport)

    def _forget_parts(self) -> None:
        self._unparsed.clear()
        self._message.clear()
        self.frames = []
        self.conn.reader.discard()
        self._note_held()

    def _note_held(self, *, coming_bytes: int = 0, made_progress: bool = False) -> None:
        parts = len(self._unparsed) + len(self.conn.reader.buffer) + len(self._message) + sum(map(len, self.frames))
        self._budget.note(self, parts + coming_bytes + self.queue.held_bytes, made_progress=made_progress)


class _Messages(asyncio.Queue[Any]):
    """uvicorn's queue of messages to the application, which also counts their size in memory."""

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self.held_bytes = 0

    def _put(self, item: Any) -> None:
        super()._put(item)
        self.held_bytes += _size(item)

    def _get(self) -> Any:
        item = super()._get()
        self.held_bytes -= _size(item)
        return item

    def drop(self) -> None:
        """Drop all messages in the queue."""
        while not self.empty():
            self.get_nowait()


def _size(message: Any) -> int:
    """Return a message's size in memory in bytes; a character beyond the basic plane makes text four times as large."""
    if message["type"] != "websocket.receive":
        return 0
    content = message["text"] if "text" in message else message["bytes"]
    return _MESSAGE_BYTES + sys.getsizeof(content)


def _decoded_bytes(content: bytes) -> int | None:
    """Return the size in memory of a message's text in bytes, or None if it is not UTF-8.

    Python stores every character of a text with the width of its widest character: 1, 2 or 4 bytes.
    """
    decoder = _Utf8Decoder()
    characters = 0
    try:
        for at in range(0, len(content), READ_BYTES):
            characters += len(decoder.decode(content[at : at + READ_BYTES]))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    width = 4 if _BEYOND_BASIC_PLANE.search(content) else 2 if _BEYOND_LATIN_1.search(content) else 1
    return characters * width
