"""A connection with timeouts for its client, which closes without losing a response."""

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

NO_LINE: Line = OrderedDict()


class WaitingProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which joins one of the queues of `connections` while it waits for its client."""

    def __init__(self, *args: Any, connections: Connections, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connections = connections
        self._limits = connections.limits
        self._clock = connections.clock
        self._line: Line | FreshLine = NO_LINE
        self._outlet: Outlet = None  # type: ignore[assignment]
        # The beginning of a head, or bytes received before their turn.
        self._unparsed: bytes | bytearray = b""
        self._body: SizedBody | ChunkedBody | None = None
        self._keep_alive = False
        # The time from which the connection is only read to notice that the client closes it.
        self._leaving_since: float | None = None
        self._received_at = self._body_due_at = self._body_began_at = 0.0
        self._unsent_bytes = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._outlet = Outlet(transport, self._close)
        self._wait_in(self._connections.fresh)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_in(NO_LINE)
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

    # Called by the server

    def shutdown(self) -> None:
        """Close after the current request, or at once if there is none."""
        if self._leaving_since is None and self._is_answering:
            self.close_after_answer()
        else:
            self._end()

    def close_after_answer(self) -> None:
        """Close the connection after the current response."""
        self._keep_alive = False
        if self.cycle is not None:
            self.cycle.keep_alive = False

    # Called by Connections

    def end_silently(self) -> None:
        """Close at once without a response."""
        self._wait_in(NO_LINE)
        self._connections.reserved.pop(self, None)
        self.transport.abort()

    def has_unread(self) -> bool:
        """Return whether the client has sent data that the event loop has not read yet."""
        return has_unread(self.transport.get_extra_info("socket"))

    def end_late_head(self) -> None:
        """Respond that the head took too long, and close."""
        self._refuse(HEAD_TIMEOUT)

    def end_late_body(self) -> None:
        """Respond that the body took too long, and close."""
        self._refuse(BODY_TIMEOUT)

    def body_age_s(self, now: float) -> float:
        """Return the seconds since the body began to arrive."""
        return now - self._body_began_at

    def body_bytes_per_s(self, now: float) -> float:
        """Return the body's average rate, not counting the time in which the application read nothing."""
        earned_s = self._body_due_at - self._body_began_at - self._limits.body_grace_s
        return earned_s * self._limits.body_bytes_per_s / max(now - self._body_began_at, 0.001)

    def is_body_late(self, now: float) -> bool:
        """Return whether the body has paused too long or arrives too slowly."""
        if self.flow.read_paused:
            # The application is slow, not the client.
            self._body_due_at += now - self._received_at
            self._received_at = now
        return now > min(self._body_due_at, self._received_at + self._limits.body_pause_s)

    def is_leaving_late(self, now: float) -> bool:
        """Return whether the client has kept sending for too long after its last response, or has fallen silent."""
        if self.takes_answer():
            self._received_at = self._leaving_since = now
        started = self._leaving_since or now
        if self._unsent_bytes:
            return now - started > self._limits.write_pause_s
        return now - started > self._limits.linger_s or now - self._received_at > self._limits.linger_pause_s

    def takes_answer(self) -> bool:
        """Return whether the client has read part of its response since the last call, with more left to read."""
        before, self._unsent_bytes = self._unsent_bytes, self.transport.get_write_buffer_size()
        return 0 < self._unsent_bytes != before

    @property
    def is_streaming(self) -> bool:
        """Whether the response has begun and its length is unknown."""
        return self._is_answering and self.cycle.response_started and not self.cycle.expected_content_length

    def give_way(self) -> None:
        """End the current request: respond 503, or close if the response has begun."""
        if self.cycle is None or self.cycle.response_started:
            self.end_silently()
        else:
            self._refuse(TOO_MANY_CONNECTIONS)

    def release_bytes(self) -> None:
        """Close at once to free memory for other requests."""
        self._unparsed = b""
        self.end_silently()

    # The end

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait_in(self, line: Line | FreshLine) -> None:
        self._line.pop(self, None)
        self._line = line
        if line is not NO_LINE:
            line[self] = self._clock()

    def _set_aside(self, data: bytes | bytearray, *, made_progress: bool = False) -> None:
        """Keep bytes until more arrive or until their turn; `made_progress` means that earlier bytes were processed."""
        self._unparsed = data
        self._connections.unparsed.note(self, len(data), made_progress=made_progress)

    def _refuse(self, refusal: Refusal) -> None:
        """Send the refusal unless the application has begun to respond, and read no more requests."""
        cycle = self.cycle
        answers = cycle is None or cycle.response_complete or not cycle.response_started
        if cycle is not None and not cycle.response_complete:
            # The application receives http.disconnect, and nothing more of its response is sent.
            cycle.disconnected = True
            cycle.message_event.set()
        if answers:
            self._note(refusal)
            self.transport.write(self._answer(refusal))
        self._leave()

    def _note(self, refusal: Refusal) -> None:
        """Pass the refusal to the observer of its request or of all requests; without one, log it."""
        note_refusal = self.app_state.get("note_refusal")
        if note_refusal is None:
            self.logger.warning("%d: %s", refusal.status, refusal.text)
        elif self._is_answering:
            # All copies of the request's scope share this dictionary.
            self.cycle.scope["state"]["refusal"] = refusal
        else:
            note_refusal(refusal.status, refusal.text)

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
        """Close after a response."""
        if self._body is not None or self._unparsed:
            self._leave()
        else:
            self._end()

    def _end(self) -> None:
        """Close once all data is sent, and read nothing more."""
        self._set_aside(b"")
        self.transport.close()
        # TLS waits for the client's close_notify.
        if self.transport.get_write_buffer_size() or self.scheme == "https":
            self._note_leaving()

    def _leave(self) -> None:
        """Close once the client has stopped sending: closing earlier could reset the connection and lose data."""
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
        self._leaving_since = self._received_at = self._clock()
        self._body = None
