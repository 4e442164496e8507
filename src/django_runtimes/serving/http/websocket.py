"""uvicorn's websockets, within limits of what waits for the application."""

import asyncio
import codecs
import logging
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

# Parsed at once. deflate makes 1,032 bytes of one at most, so that a piece holds a message or two of the largest size;
# of the smallest ones it holds 170.
_PIECE_BYTES = 1024
# A message's dictionary.
_MESSAGE_BYTES = 200
_Utf8Decoder = codecs.getincrementaldecoder("utf-8")


def websockets_among(connections: Connections) -> Callable[..., asyncio.Protocol]:
    """Makes the websockets of one worker, which share its memory and its time."""
    return partial(LimitedWebSocket, budget=connections.messages, turns=connections.turns)


class LimitedWebSocket(WebSocketsSansIOProtocol):
    """Reads the next message when the application has taken those before it.

    uvicorn stops the transport then, and still parses and inflates all that one read has brought.
    """

    queue: "_Messages"

    def __init__(self, *args: Any, budget: ByteBudget, turns: Turns, **kwargs: Any) -> None:
        """`budget` and `turns` are the worker's."""
        super().__init__(*args, **kwargs)
        self.queue = _Messages()
        self._budget = budget
        self._turns = turns
        self._unparsed = bytearray()
        self._message = bytearray()

    # What the transport calls

    def data_received(self, data: bytes | memoryview) -> None:
        """Take what the connection has brought; frames are parsed in this websocket's turn."""
        if not self.handshake_initiated:
            self._read_handshake(bytes(data))
        elif self.transport.is_closing():
            self.transport.pause_reading()
            self._turns.wait(self._go_on_discarding)
        else:
            self._unparsed += data
            if len(self._unparsed) >= READ_BYTES:
                self.transport.pause_reading()
            self._note_held()
            self._turns.wait(self._parse)

    def _go_on_discarding(self) -> bool:
        self.transport.resume_reading()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was not parsed."""
        super().connection_lost(exc)
        self._forget_parts()

    def shutdown(self) -> None:
        """Tell the client that the server ends, unless they have said farewell already."""
        try:
            super().shutdown()
        except InvalidState:
            # The client takes nothing of it; the server ends nevertheless.
            self.transport.close()

    # What the application calls

    async def receive(self) -> Any:
        """The next of ASGI's messages; the transport brings more once all before it are taken."""
        message = await self.queue.get()
        if self.read_paused and self.queue.empty():
            self.read_paused = False
            self._read_on()
        self._note_held(got_on=True)
        return message

    async def send(self, message: Any) -> None:
        """Send one of ASGI's messages; after the last one only the client's farewell is awaited."""
        await super().send(message)
        if self.close_sent:
            self._read_on()

    async def run_asgi(self) -> None:
        """Run the application; what it leaves is nobody's."""
        try:
            await super().run_asgi()
        finally:
            self.queue.drop()
            self._note_held()

    # What the budget calls

    def give_bytes_up(self) -> None:
        """Close with 1013, and drop what waits for the application."""
        self.queue.drop()
        self._forget_parts()
        if self.disconnected:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": CloseCode.ABNORMAL_CLOSURE})
            return
        logger.warning("websockets hold as much as they may together; the one that holds most for longest is closed")
        # What the application sends from now on finds its client gone.
        self.disconnected = True
        self.stop_keepalive()
        self.conn.fail(CloseCode.TRY_AGAIN_LATER, "too many messages wait; try again later")
        self.handle_parser_exception()

    def handle_parser_exception(self) -> None:
        """Send the close frame with the reason, so that a client that still sends gets it."""
        close = self.conn.close_sent
        assert close is not None  # noqa: S101  (the caller has sent it)
        self.queue.put_nowait({"type": "websocket.disconnect", "code": close.code, "reason": close.reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self._outlet.leave()

    # Parsing

    def _read_handshake(self, head: bytes) -> None:
        super().data_received(head)
        if not self.handshake_initiated:
            # What the library refuses, and the server does not, it leaves without an answer.
            answer = b"".join(self.conn.data_to_send()) or self.conn.reject(*BAD_REQUEST).serialize()
            self.transport.write(answer)
            self._outlet.leave()

    def _parse(self) -> bool:
        """Parse a piece of what is here; whether there is more to parse now."""
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
        """Add a fragment to its message, in one piece: each object would take more memory than a small fragment."""
        if self.frames:
            self._message = bytearray(self.frames.pop())
        self._message += event.data
        if event.fin:
            self.frames = [bytes(self._message)]
            self._message.clear()
            self.send_receive_event_to_app()

    def send_receive_event_to_app(self) -> None:
        """Hand the message on; text that is none closes with 1007, for which uvicorn logs a traceback."""
        content = b"".join(self.frames)
        if self.curr_msg_data_type == "text" and not self.close_sent and not content.isascii():
            # Before it is there: of wide letters it takes four times as much.
            self._note_held(coming_bytes=4 * len(content))
            if self.close_sent:
                return
            if not _is_text(content):
                self.frames = []
                self.conn.fail(CloseCode.INVALID_DATA, "text is UTF-8")
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        """Answer, unless the client takes no answers."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    # What is held

    @property
    def _outlet(self) -> WebSocketOutlet:
        return cast("WebSocketOutlet", self.transport)

    def _forget_parts(self) -> None:
        self._unparsed.clear()
        self._message.clear()
        self.frames = []
        self.conn.reader.discard()
        self._note_held()

    def _note_held(self, *, coming_bytes: int = 0, got_on: bool = False) -> None:
        parts = len(self._unparsed) + len(self.conn.reader.buffer) + len(self._message) + sum(map(len, self.frames))
        self._budget.note(self, parts + coming_bytes + self.queue.held_bytes, got_on=got_on)


class _Messages(asyncio.Queue[Any]):
    """uvicorn's messages to the application, and what those of the client take in memory."""

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
        """Forget what nobody has taken."""
        while not self.empty():
            self.get_nowait()


def _size(message: Any) -> int:
    """In bytes: text with a single letter beyond the basic plane takes four times its length."""
    if message["type"] != "websocket.receive":
        return 0
    content = message["text"] if "text" in message else message["bytes"]
    return _MESSAGE_BYTES + sys.getsizeof(content)


def _is_text(content: bytes) -> bool:
    decoder = _Utf8Decoder()
    try:
        for at in range(0, len(content), READ_BYTES):
            decoder.decode(content[at : at + READ_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
