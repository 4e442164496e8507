"""A connection that waits for its client within limits, and ends without taking an answer away."""

from collections import OrderedDict
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from django_runtimes.serving.http.bodies import ChunkedBody, SizedBody
from django_runtimes.serving.http.cycles import Outlet
from django_runtimes.serving.http.handshake import has_unread
from django_runtimes.serving.http.limits import (
    BODY_TIMEOUT,
    HEAD_TIMEOUT,
    TOO_MANY_BODIES,
    TOO_MANY_CONNECTIONS,
    Refusal,
)
from django_runtimes.serving.http.worker_connections import Connections, FreshLine, Line

NOWHERE: Line = OrderedDict()


class WaitingProtocol(HttpToolsProtocol):
    """uvicorn's protocol, in the line of `connections` that says what it waits for."""

    def __init__(self, *args: Any, connections: Connections, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connections = connections
        self._limits = connections.limits
        self._clock = connections.clock
        self._line: Line | FreshLine = NOWHERE
        self._outlet: Outlet = None  # type: ignore[assignment]
        # The beginning of a head, or what came in before its turn.
        self._unparsed: bytes | bytearray = b""
        self._body: SizedBody | ChunkedBody | None = None
        self._keep_alive = False
        # Since when nothing more is read but to see the client's end.
        self._leaving_since: float | None = None
        self._heard_at = self._body_due_at = self._body_began_at = 0.0
        self._unsent_bytes = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._outlet = Outlet(transport, self._close)
        self._wait_in(self._connections.fresh)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_in(NOWHERE)
        self._connections.blocked.pop(self, None)
        self._connections.reserved.pop(self, None)
        self._set_aside(b"")
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._connections.blocked[self] = self._clock()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._connections.blocked.pop(self, None)

    # What the server calls

    def shutdown(self) -> None:
        """End after the request that is being served, or at once."""
        if self._leaving_since is None and self._is_answering:
            self.close_after_answer()
        else:
            self._end()

    def close_after_answer(self) -> None:
        """Let the answer that is being made be the last one."""
        self._keep_alive = False
        if self.cycle is not None:
            self.cycle.keep_alive = False

    # What the connections' sweep calls

    def end_silently(self) -> None:
        """Close at once; nothing is to be answered."""
        self._wait_in(NOWHERE)
        self._connections.reserved.pop(self, None)
        self.transport.abort()

    def has_unread(self) -> bool:
        """Whether the client has sent what the event loop has not read yet."""
        return has_unread(self.transport.get_extra_info("socket"))

    def end_late_head(self) -> None:
        """Answer that the head took too long."""
        self._refuse(HEAD_TIMEOUT)

    def end_late_body(self) -> None:
        """Answer that the body took too long."""
        self._refuse(BODY_TIMEOUT)

    def body_age_s(self, now: float) -> float:
        """For how long the body has been coming in."""
        return now - self._body_began_at

    def body_bytes_per_s(self, now: float) -> float:
        """At what rate, on average; the time in which the application took nothing does not count."""
        earned_s = self._body_due_at - self._body_began_at - self._limits.body_grace_s
        return earned_s * self._limits.body_bytes_per_s / max(now - self._body_began_at, 0.001)

    def is_body_late(self, now: float) -> bool:
        """Whether the body has paused too long, or comes in too slowly."""
        if self.flow.read_paused:
            # It is the application that takes its time.
            self._body_due_at += now - self._heard_at
            self._heard_at = now
        return now > min(self._body_due_at, self._heard_at + self._limits.body_pause_s)

    def is_leaving_late(self, now: float) -> bool:
        """Whether the client went on sending for too long after its last answer, or is silent."""
        if self.takes_answer():
            self._heard_at = self._leaving_since = now
        started = self._leaving_since or now
        if self._unsent_bytes:
            return now - started > self._limits.write_pause_s
        return now - started > self._limits.linger_s or now - self._heard_at > self._limits.linger_pause_s

    def takes_answer(self) -> bool:
        """Whether the client has taken something of its answer since the last call, and has more to take."""
        before, self._unsent_bytes = self._unsent_bytes, self.transport.get_write_buffer_size()
        return 0 < self._unsent_bytes != before

    @property
    def is_streaming(self) -> bool:
        """Whether the answer has begun, and its end is not known."""
        return self._is_answering and self.cycle.response_started and not self.cycle.expected_content_length

    def give_way(self) -> None:
        """End the request that is being served: answer 503, or close once the answer has begun."""
        if self.cycle is None or self.cycle.response_started:
            self.end_silently()
        else:
            self._refuse(TOO_MANY_CONNECTIONS)

    def give_bytes_up(self) -> None:
        """Close at once: others have no memory for their requests."""
        self._unparsed = b""
        self.end_silently()

    # The end

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait_in(self, line: Line | FreshLine) -> None:
        self._line.pop(self, None)
        self._line = line
        if line is not NOWHERE:
            line[self] = self._clock()

    def _set_aside(self, data: bytes | bytearray, *, got_on: bool = False) -> None:
        """Keep these bytes until more come, or until their turn; `got_on` when something before them was taken."""
        self._unparsed = data
        self._connections.unparsed.note(self, len(data), got_on=got_on)

    def _refuse(self, refusal: Refusal) -> None:
        """Answer without the application, unless it answers already, and read nothing more."""
        cycle = self.cycle
        answers = cycle is None or cycle.response_complete or not cycle.response_started
        if cycle is not None and not cycle.response_complete:
            # The application learns that the client has left, and nothing of its answer is sent.
            cycle.disconnected = True
            cycle.message_event.set()
        if answers:
            self.logger.warning("%d: %s", refusal.status, refusal.text)
            self.transport.write(self._answer(refusal))
        self._leave()

    def _answer(self, refusal: Refusal) -> bytes:
        body = refusal.text.encode("ascii")
        headers = [
            *((name, value) for name, value in self.server_state.default_headers if name != b"connection"),
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
        ]
        if refusal.status == TOO_MANY_BODIES.status:
            headers.append((b"retry-after", b"1"))
        lines = b"".join([name + b": " + value + b"\r\n" for name, value in headers])
        return STATUS_LINE[refusal.status] + lines + b"\r\n" + body

    def _close(self) -> None:
        """Close after an answer."""
        if self._body is not None or self._unparsed:
            self._leave()
        else:
            self._end()

    def _end(self) -> None:
        """Close when all is sent; nothing more is read."""
        self._set_aside(b"")
        self.transport.close()
        # TLS waits for the client's own farewell.
        if self.transport.get_write_buffer_size() or self.scheme == "https":
            self._note_leaving()

    def _leave(self) -> None:
        """Close when the client has stopped sending: to close before would take the answer away from it."""
        if self._leaving_since is not None or self.transport.is_closing():
            return
        self._note_leaving()
        self._set_aside(b"")
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _note_leaving(self) -> None:
        if self._leaving_since is not None:
            return
        self._wait_in(self._connections.leaving)
        self._connections.reserved.pop(self, None)
        self._leaving_since = self._heard_at = self._clock()
        self._body = None
