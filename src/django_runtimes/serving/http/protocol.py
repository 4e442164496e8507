"""uvicorn's HTTP protocol, one request at a time and within limits."""

import asyncio
from contextvars import Context
from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from django_runtimes.serving.http.bodies import ChunkedBody, RefusedError, SizedBody
from django_runtimes.serving.http.cycles import EndedOutlet, FramedCycle, Http10Cycle
from django_runtimes.serving.http.heads import HeadProtocol, after
from django_runtimes.serving.http.limits import (
    BAD_REQUEST,
    BODY_TOO_LARGE,
    TOO_MANY_BODIES,
    TOO_MANY_CONNECTIONS,
    UNKNOWN_CODING,
    UNKNOWN_VERSION,
)
from django_runtimes.serving.http.waiting import NOWHERE
from django_runtimes.serving.http.websocket_outlet import READ_BYTES, WebSocketOutlet

_ENDED: Any = EndedOutlet()


class LimitedHttpProtocol(HeadProtocol):
    """Cuts a connection's bytes into heads and bodies before httptools parses them.

    The parser gets a whole head, then the body's bytes up to their end, and the next request's when the answer has
    been sent: what it takes for the end of a request is always the end that was measured here, or the connection ends.
    docs/decisions/0016-heads-before-the-parser.md says why.
    """

    def __init__(self, *args: Any, context: Context, **kwargs: Any) -> None:
        """`context` is the server's; every request starts in a copy of its own."""
        super().__init__(*args, **kwargs)
        self._context = context

    def data_received(self, data: bytes | bytearray) -> None:
        if self._leaving_since is not None:
            # One read in each turn: the event loop would read nothing else of a client that sends on.
            self._heard_at = self._clock()
            self.transport.pause_reading()
            self._connections.turns.wait(self._go_on_discarding)
            return
        if not self._unparsed:
            self._read(data)
            return
        self._unparsed += data
        data, self._unparsed = self._unparsed, b""
        self._read(data)
        if not self._unparsed:
            self._set_aside(b"")

    def _go_on_discarding(self) -> bool:
        if not self.transport.is_closing():
            self.transport.resume_reading()
        return False

    def _read(self, data: bytes | bytearray) -> None:
        while data:
            if self._body is not None:
                data = self._read_body(data, self._body)
                if data and self._body is not None:
                    # The rest after the other connections.
                    self._set_aside(data if isinstance(data, bytearray) else bytearray(data), got_on=True)
                    self.flow.pause_reading()
                    self._connections.turns.wait(self._take_turn)
                    break
            elif self._is_answering:
                # Its turn comes after this answer.
                self._set_aside(data if isinstance(data, bytearray) else bytearray(data), got_on=True)
                self.flow.pause_reading()
                return
            else:
                data = self._read_head(data)
        if self._body is not None and self._line is not self._connections.bodies:
            self._await_body()

    # Requests

    def _begin(self, rest: bytes | bytearray) -> bool:
        """Start the application on the request; whether the connection goes on as HTTP."""
        is_scarce = self._connections.is_scarce
        if self.parser.should_upgrade():
            if is_scarce:
                # A websocket is never short.
                self._refuse(TOO_MANY_CONNECTIONS)
                return False
            if len(rest) > READ_BYTES:
                # A client has to wait for the handshake's answer.
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
            # A trailer is no header.
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
            # An answer that does not wait for the body's end is the connection's last one.
            keep_alive=self._keep_alive and self._message_complete,
            on_response=self.on_response_complete,
        )
        if is_scarce:
            # Others wait for the place, and a client that asks without a pause would keep it.
            self._keep_alive = cycle.keep_alive = False
            self._connections.reserved[self] = self._clock()
        if self._message_complete:
            self._end_request(cycle)
        task = self.loop.create_task(cycle.run_asgi(self.app), context=self._context.copy())
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)
        return True

    def _declared_body(self, version: str) -> SizedBody | ChunkedBody:
        """The body that the head announces; RefusedError when it is not to be read."""
        # The parser has refused both together, and several of either.
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
            # Not within the request that has ended.
            self.loop.call_soon(self._take_turn, context=self._context.copy())

    def _take_turn(self) -> bool:
        """Go on with what was set aside; whether that is to be done again, which it says by itself."""
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
            # One that has started has said already whether the connection goes on.
            cycle.keep_alive = self._keep_alive
        cycle.message_event.set()

    # Bodies

    def _read_body(self, data: bytes | bytearray, body: SizedBody | ChunkedBody) -> bytes | bytearray:
        """Hand the body's bytes to the application; what is behind them."""
        self._heard_at = self._clock()
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
            # Where a request ends must be certain, or nothing more is read.
            self._refuse(BAD_REQUEST)
            return b""
        if body.is_complete:
            self._body = None
            self._wait_in(NOWHERE)
            self._end_request(self.cycle)
        elif self._line is self._connections.bodies:
            self._connections.bodies[self] = self._heard_at
            self._connections.bodies.move_to_end(self)
        return after(data, taken.size)

    def _await_body(self) -> None:
        if not self._connections.admits_body():
            self._refuse(TOO_MANY_BODIES)
            return
        self._wait_in(self._connections.bodies)
        self._heard_at = self._body_began_at = self._clock()
        self._body_due_at = self._body_began_at + self._limits.body_grace_s
