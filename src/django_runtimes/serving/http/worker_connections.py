"""One worker's connections in queues by state, so that silent ones time out and make room for others."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sized
from itertools import chain, islice
from typing import Protocol, TypeVar

from django_runtimes.serving.http.budgets.byte_budget import ByteBudget
from django_runtimes.serving.http.budgets.turns import Turns
from django_runtimes.serving.http.limits import Limits

logger = logging.getLogger("uvicorn.error")

# Connections allowed above the limit until those that make room for them have closed.
_LARGEST_OVERSHOOT = 16
_WARNING_INTERVAL_S = 60.0
# The minimum age of a body, or of a stalled response, that is closed to make room for another client.
_STALLED_S = 5.0
# How long a request in a reserved place may take when other clients wait for places.
_SHORT_REQUEST_S = 4.0
# How long a body in a reserved place may arrive when other clients wait and no silent connection can make room.
_SHORT_BODY_S = 0.5
# How long a streaming response in a reserved place, or a connection's last response, may take to be sent.
_SENDING_S = 0.05
# How long a new connection may take to send its first byte.
_ARRIVING_S = 0.15
# The minimum pause of a body that is closed to make room for another one.
_PAUSED_S = 0.5

Clock = Callable[[], float]


class Closable(Protocol):
    """A connection that may be closed without a response."""

    def end_silently(self) -> None:
        """Close at once without a response."""

    def has_unread(self) -> bool:
        """Return whether the client has sent data that the event loop has not read yet."""


class Waiting(Closable, Protocol):
    """A connection that waits for its client."""

    def end_late_head(self) -> None:
        """Respond that the head took too long, and close."""

    def end_late_body(self) -> None:
        """Respond that the body took too long, and close."""

    def body_age_s(self, now: float) -> float:
        """Return the seconds since the body began to arrive."""

    def body_bytes_per_s(self, now: float) -> float:
        """Return the body's average rate."""

    def is_body_late(self, now: float) -> bool:
        """Return whether the body has paused too long or arrives too slowly."""

    def is_leaving_late(self, now: float) -> bool:
        """Return whether the client, after its last response, kept sending for too long or is silent."""

    def takes_answer(self) -> bool:
        """Return whether the client has read part of its response since the last call, with more left to read."""

    @property
    def is_streaming(self) -> bool:
        """Whether the response has begun and its length is unknown."""

    def give_way(self) -> None:
        """End the current request: respond 503, or close if the response has begun."""


Line = OrderedDict[Waiting, float]
FreshLine = OrderedDict[Closable, float]

_Connection = TypeVar("_Connection", bound=Closable)


class Connections:
    """Queues of connections with the time at which each began to wait, the oldest first.

    A connection whose request is being served is in no queue except `blocked` and `reserved`.
    """

    def __init__(self, limits: Limits, *, opened: Sized, clock: Clock) -> None:
        """Create empty queues; `opened` holds every connection, including websockets; `clock` is the event loop's."""
        self.limits = limits
        self.clock = clock
        # Connections that have received nothing yet, including unfinished TLS handshakes.
        self.fresh: FreshLine = OrderedDict()
        # Connections that have received part of a head.
        self.heads: Line = OrderedDict()
        # Idle connections, kept alive after a response.
        self.kept: Line = OrderedDict()
        # Connections that have received part of a body.
        self.bodies: Line = OrderedDict()
        # Connections after their last response, part of which may still be unsent.
        self.leaving: Line = OrderedDict()
        # Connections whose clients do not read their response; each may be in another queue as well.
        self.blocked: Line = OrderedDict()
        # Connections with a request in a reserved place; each may be in another queue as well.
        self.reserved: Line = OrderedDict()
        self.unparsed = ByteBudget(limits.unparsed, clock=clock)
        self.messages = ByteBudget(limits.messages, clock=clock)
        self.turns = Turns()
        self.opened = opened
        # The number of accepted connections without a protocol.
        self.opening = 0
        # How many of `opening` are in `fresh` until their TLS handshake is complete.
        self.handshakes = 0
        self._warned_at = -_WARNING_INTERVAL_S

    def sweep(self) -> None:
        """Close connections that have waited too long; called every second."""
        now, limits = self.clock(), self.limits
        for connection in _older(self.fresh, now - limits.head_s):
            connection.end_silently()
        for connection in _older(self.heads, now - limits.head_s):
            connection.end_late_head()
        for connection in _older(self.kept, now - limits.idle_s):
            if connection.takes_answer():
                _move_back(self.kept, connection, now)
            else:
                connection.end_silently()
        for connection in [one for one in self.bodies if one.is_body_late(now)]:
            connection.end_late_body()
        for connection in [one for one in self.leaving if one.is_leaving_late(now)]:
            connection.end_silently()
        for connection in [one for one in self.blocked if one.takes_answer()]:
            _move_back(self.blocked, connection, now)
        for connection in _older(self.blocked, now - limits.write_pause_s):
            connection.end_silently()

    def admits_body(self) -> bool:
        """Return whether another body may arrive, after ending a slow one if necessary.

        The slowest body that is at least 5 s old is ended, or else the body that has paused longest. Otherwise a few
        clients with dripping or restarted uploads could block all other uploads.
        """
        if len(self.bodies) < self.limits.bodies:
            return True
        now = self.clock()
        stalled = [one for one in self.bodies if one.body_age_s(now) >= _STALLED_S]
        if stalled:
            min(stalled, key=lambda one: one.body_bytes_per_s(now)).end_late_body()
            return True
        paused, received_at = next(iter(self.bodies.items()))
        if now - received_at < _PAUSED_S:
            return False
        paused.end_late_body()
        return True

    @property
    def is_scarce(self) -> bool:
        """Whether a request that begins now gets one of the places reserved for short requests.

        Without them, a client that keeps streams open could take every place, including those of health checks.
        """
        unreserved = self.limits.connections - self.limits.reserved
        count = len(self.opened)
        if count <= unreserved:
            return False
        waiting = len(self.fresh) - self.handshakes + len(self.heads) + len(self.kept) + len(self.leaving)
        return count - waiting - len(self.reserved) > unreserved

    def admitted(self, wanted: int) -> int:
        """Return how many of the wanted connections may be accepted now."""
        free = -self._excess
        if free > 0:
            return min(wanted, free)
        # Those above the limit count until they are closed, which takes a TLS handshake some time.
        removable = len(list(islice(self._removable(), _LARGEST_OVERSHOOT - free)))
        if removable + free > 0:
            return min(wanted, removable + free)
        if not removable and not self.fresh and not self.leaving:
            self._warn("all are serving requests, and new ones wait")
        return 0

    def make_room(self) -> None:
        """Close one long-silent connection for each one above the limit."""
        if self._excess > 0:
            self._warn("those silent for the longest time are closed")
            self.close_silent(self._excess)

    @property
    def _excess(self) -> int:
        """The number of connections above the limit, not counting a few that close after their last response."""
        leaving = min(len(self.leaving), _LARGEST_OVERSHOOT)
        return len(self.opened) - leaving + self.opening - self.limits.connections

    def close_silent(self, count: int) -> None:
        """Close answered connections, then long requests in reserved places, then those silent for the longest time."""
        for end in list(islice(self._removable(), count)):
            end()

    def _removable(self) -> Iterator[Callable[[], None]]:
        """Yield the methods that close connections to make room for others, in the order in which to call them."""
        now = self.clock()
        for connection in _older(self.leaving, now - _SENDING_S):
            yield connection.end_silently
        for connection, since in self.reserved.items():
            if now - since > (_SENDING_S if connection.is_streaming else _SHORT_REQUEST_S):
                yield connection.give_way
        for silent in chain(_older(self.fresh, now - _ARRIVING_S), self.heads, self.kept):
            if not silent.has_unread():
                yield silent.end_silently
        for connection, since in self.reserved.items():
            if connection in self.bodies and _SHORT_BODY_S < now - since <= _SHORT_REQUEST_S:
                yield connection.give_way
        for connection in _older(self.blocked, now - _STALLED_S):
            yield connection.end_silently

    def _warn(self, consequence: str) -> None:
        now = self.clock()
        if now - self._warned_at >= _WARNING_INTERVAL_S:
            self._warned_at = now
            logger.warning("the worker's limit of %d connections is reached: %s", self.limits.connections, consequence)


def _older(line: OrderedDict[_Connection, float], bound: float) -> list[_Connection]:
    older = []
    for connection, since in line.items():
        if since > bound:
            break
        older.append(connection)
    return older


def _move_back(line: Line, connection: Waiting, now: float) -> None:
    line[connection] = now
    line.move_to_end(connection)
