"""uvicorn's HTTP protocol with limits, which reads one request at a time."""

import asyncio
from contextvars import Context
from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from django_runtimes.serving.http.bodies import ChunkedBody, RefusedError, SizedBody
from django_runtimes.serving.http.cycles import EndedOutlet, FramedCycle, Http10Cycle
from django_runtimes.serving.http.heads import HeadProtocol, rest_after
from django_runtimes.serving.http.limits import (
    BAD_REQUEST,
    BODY_TOO_LARGE,
    TOO_MANY_BODIES,
    TOO_MANY_CONNECTIONS,
    UNKNOWN_CODING,
    UNKNOWN_VERSION,
)
from django_runtimes.serving.http.waiting import NO_LINE
from django_runtimes.serving.http.websocket_outlet import READ_BYTES, WebSocketOutlet

_ENDED: Any = EndedOutlet()


class LimitedHttpProtocol(HeadProtocol):
    """Splits a connection's bytes into heads and bodies before httptools parses them.

    The parser gets a whole head, then the body's bytes up to its end, and the next request once the response has been
    sent. If the parser and this class disagree on where a request ends, the connection is closed.
    docs/decisions/0016-heads-before-the-parser.md explains why.
    """

    def __init__(self, *args: Any, context: Context, **kwargs: Any) -> None:
        """Create the protocol; each request runs in its own copy of `context`, the server's context."""
        super().__init__(*args, **kwargs)
        self._context = context

    def data_received(self, data: bytes | bytearray) -> None:
        if self._leaving_since is not None:
            # Read once per turn, since a client that keeps sending would otherwise occupy the event loop.
            self._received_at = self._clock()
            self.transport.pause_reading()
            self._connections.turns.wait(self._resume_discarding)
            return
        if not self._unparsed:
            self._read(data)
            return
        self._unparsed += data
        data, self._unparsed = self._unparsed, b""
        self._read(data)
        if not self._unparsed:
            self._set_aside(b"")

    def _resume_discarding(self) -> bool:
        if not self.transport.is_closing():
            self.transport.resume_reading()
        return False

    def _read(self, data: bytes | bytearray) -> None:
        while data:
            if self._body is not None:
                data = self._read_body(data, self._body)
                if data and self._body is not None:
                    # The rest waits until the other connections have had their turn.
                    self._set_aside(data if isinstance(data, bytearray) else bytearray(data), made_progress=True)
                    self.flow.pause_reading()
                    self._connections.turns.wait(self._take_turn)
                    break
            elif self._is_answering:
                # The next request waits for the current response.
                self._set_aside(data if isinstance(data, bytearray) else bytearray(data), made_progress=True)
                self.flow.pause_reading()
                return
            else:
                data = self._read_head(data)
        if self._body is not None and self._line is not self._connections.bodies:
            self._await_body()

    # Requests

    def _begin(self, rest: bytes | bytearray) -> bool:
        """Start the application for the request; return whether the connection stays HTTP."""
        is_scarce = self._connections.is_scarce
        if self.parser.should_upgrade():
            if is_scarce:
                # Websockets are long-lived, and the reserved places are for short requests.
                self._refuse(TOO_MANY_CONNECTIONS)
                return False
            if len(rest) > READ_BYTES:
                # A client must wait for the handshake's response before it sends messages.
                self._refuse(BAD_REQUEST)
                return False
            self.flow.resume_reading()
            self.transport = WebSocketOutlet(self.transport, rest)  # type: ignore[assignment]
            self.handle_websocket_upgrade()
            return False
        version = self.scope["http_version"]
        if version not in {"1.0", "1.1"}:
            self._refuse(UNKNOWN_VERSION)
            return False
        if not self._message_complete:
            try:
                self._body = self._declared_body(version)
            except RefusedError as error:
                self._refuse(error.refusal)
                return False
            # Trailers must not be appended to the headers.
            self.headers = []
        cycle_class = FramedCycle if version == "1.1" else Http10Cycle
        self.cycle = cycle = cycle_class(
            scope=self.scope,
            transport=self._outlet,  # type: ignore[arg-type]
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue and version == "1.1" and not self._message_complete,
            # A response that begins before the body's end is the last on its connection.
            keep_alive=self._keep_alive and self._message_complete,
            on_response=self.on_response_complete,
        )
        if is_scarce:
            # Other clients wait for the reserved place, which a client with keep-alive could hold forever.
            self._keep_alive = cycle.keep_alive = False
            self._connections.reserved[self] = self._clock()
        if self._message_complete:
            self._end_request(cycle)
        task = self.loop.create_task(cycle.run_asgi(self.app), context=self._context.copy())
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)
        return True

    def _declared_body(self, version: str) -> SizedBody | ChunkedBody:
        """Return the body that the head announces; raise RefusedError if it must not be read."""
        # The parser has already rejected both headers together, and repeated ones.
        for name, value in self.headers:
            if name == b"content-length":
                length = int(value)
                if length > self._limits.body:
                    raise RefusedError(BODY_TOO_LARGE)
                return SizedBody(length)
            if name == b"transfer-encoding":
                if version == "1.0":
                    raise RefusedError(BAD_REQUEST)
                if value.strip().lower() != b"chunked":
                    raise RefusedError(UNKNOWN_CODING)
                return ChunkedBody(self._limits.body)
        raise RefusedError(BAD_REQUEST)

    def on_body(self, body: bytes) -> None:
        if self.cycle.response_complete:
            return
        self.cycle.body += body
        if len(self.cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        self.cycle.message_event.set()

    def on_message_complete(self) -> None:
        self._message_complete = True

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        self.cycle.transport = _ENDED
        self._connections.reserved.pop(self, None)
        if self._leaving_since is not None or self.transport.is_closing():
            return
        self.flow.resume_reading()
        self._wait_in(self._connections.kept)
        if self._unparsed:
            # The call is scheduled, so that the next request does not run inside the one that just ended.
            self.loop.call_soon(self._take_turn, context=self._context.copy())

    def _take_turn(self) -> bool:
        """Read the bytes that were set aside; return False, since reading schedules its own next turn."""
        data, self._unparsed = self._unparsed, b""
        if data and not self.transport.is_closing():
            self._read(data)
            if not self._unparsed:
                self._set_aside(b"")
                if len(self.cycle.body) <= HIGH_WATER_LIMIT:
                    self.flow.resume_reading()
        return False

    def _end_request(self, cycle: RequestResponseCycle) -> None:
        cycle.more_body = False
        if not cycle.response_started:
            # A response that has started has already declared whether the connection stays open.
            cycle.keep_alive = self._keep_alive
        cycle.message_event.set()

    # Bodies

    def _read_body(self, data: bytes | bytearray, body: SizedBody | ChunkedBody) -> bytes | bytearray:
        """Pass the body's bytes to the application; return the bytes after them."""
        self._received_at = self._clock()
        self._body_due_at += len(data) / self._limits.body_bytes_per_s
        try:
            taken = body.take(data)
            self.parser.feed_data(taken.parsed)
        except RefusedError as error:
            self._refuse(error.refusal)
            return b""
        except httptools.HttpParserError:
            self._refuse(BAD_REQUEST)
            return b""
        if self._message_complete != body.is_complete:
            # The parser disagrees about the body's end, so nothing more can be read safely.
            self._refuse(BAD_REQUEST)
            return b""
        if body.is_complete:
            self._body = None
            self._wait_in(NO_LINE)
            self._end_request(self.cycle)
        elif self._line is self._connections.bodies:
            self._connections.bodies[self] = self._received_at
            self._connections.bodies.move_to_end(self)
        return rest_after(data, taken.size)

    def _await_body(self) -> None:
        if not self._connections.admits_body():
            self._refuse(TOO_MANY_BODIES)
            return
        self._wait_in(self._connections.bodies)
        self._received_at = self._body_began_at = self._clock()
        self._body_due_at = self._body_began_at + self._limits.body_grace_s
