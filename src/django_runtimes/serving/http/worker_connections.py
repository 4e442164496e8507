"""The connections of one worker by what they wait for, so that silent ones end in time and make room for others."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sized
from itertools import chain, islice
from typing import Protocol, TypeVar

from django_runtimes.serving.http.budgets.byte_budget import ByteBudget
from django_runtimes.serving.http.budgets.turns import Turns
from django_runtimes.serving.http.limits import Limits

logger = logging.getLogger("uvicorn.error")

# Beyond the limit of connections, until those that make room for them have closed.
_LARGEST_OVERSHOOT = 16
_COMPLAINT_INTERVAL_S = 60.0
# A body that began less than this ago, or an answer that stood still for less, makes no room for another client.
_STALLED_S = 5.0
# A request in a reserved place has so long until its answer, once others wait for places.
_SHORT_REQUEST_S = 4.0
# A stream there has so long, and a last answer until it is sent.
_SENDING_S = 0.05
# A new connection has so long to send the first byte of its request.
_ARRIVING_S = 0.15
# A body that has paused for less makes no room either.
_PAUSED_S = 0.5

Clock = Callable[[], float]


class Closable(Protocol):
    """A connection that may end without an answer."""

    def end_silently(self) -> None:
        """Close at once; nothing is to be answered."""

    def has_unread(self) -> bool:
        """Whether the client has sent what the event loop has not read yet."""


class Waiting(Closable, Protocol):
    """A connection that waits for its client."""

    def end_late_head(self) -> None:
        """Answer that the head took too long."""

    def end_late_body(self) -> None:
        """Answer that the body took too long."""

    def body_age_s(self, now: float) -> float:
        """For how long the body has been coming in."""

    def body_bytes_per_s(self, now: float) -> float:
        """At what rate, on average."""

    def is_body_late(self, now: float) -> bool:
        """Whether the body has paused too long, or comes in too slowly."""

    def is_leaving_late(self, now: float) -> bool:
        """Whether the client went on sending for too long after its last answer, or is silent."""

    def takes_answer(self) -> bool:
        """Whether the client has taken something of its answer since the last call, and has more to take."""

    @property
    def is_streaming(self) -> bool:
        """Whether the answer has begun, and its end is not known."""

    def give_way(self) -> None:
        """End the request that is being served: answer 503, or close once the answer has begun."""


Line = OrderedDict[Waiting, float]
FreshLine = OrderedDict[Closable, float]

_Connection = TypeVar("_Connection", bound=Closable)


class Connections:
    """Lines of connections, each with the time since when it waits, the longest first.

    A connection whose request is being served is in none of them.
    """

    def __init__(self, limits: Limits, *, opened: Sized, clock: Clock) -> None:
        """`opened` holds every connection, websockets among them; `clock` is the event loop's."""
        self.limits = limits
        self.clock = clock
        # No request yet, not a byte of one; TLS handshakes that go on are here too.
        self.fresh: FreshLine = OrderedDict()
        # A part of a head.
        self.heads: Line = OrderedDict()
        # Answered and kept open.
        self.kept: Line = OrderedDict()
        # A part of a body.
        self.bodies: Line = OrderedDict()
        # Answered for the last time, and perhaps still sending.
        self.leaving: Line = OrderedDict()
        # Beside the others: answers that the client does not take.
        self.blocked: Line = OrderedDict()
        # Beside the others: requests in reserved places.
        self.reserved: Line = OrderedDict()
        self.unparsed = ByteBudget(limits.unparsed, clock=clock)
        self.messages = ByteBudget(limits.messages, clock=clock)
        self.turns = Turns()
        self.opened = opened
        # Accepted, and without a protocol yet.
        self.opening = 0
        # Those of them that stand in `fresh` for their part of TLS.
        self.handshakes = 0
        self._complained_at = -_COMPLAINT_INTERVAL_S

    def sweep(self) -> None:
        """End what waits for too long; called every second."""
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
        """Whether one more body may come in, for which another may have to end.

        The slowest of those that have had some time, otherwise the one that has paused longest: a few clients that
        drip, or renew unfinished bodies, would refuse everybody's uploads for as long as they like.
        """
        if len(self.bodies) < self.limits.bodies:
            return True
        now = self.clock()
        stalled = [one for one in self.bodies if one.body_age_s(now) >= _STALLED_S]
        if stalled:
            min(stalled, key=lambda one: one.body_bytes_per_s(now)).end_late_body()
            return True
        paused, heard_at = next(iter(self.bodies.items()))
        if now - heard_at < _PAUSED_S:
            return False
        paused.end_late_body()
        return True

    @property
    def is_scarce(self) -> bool:
        """Whether a request that begins now gets one of the reserved places, which are for short requests.

        A client that opens streams and keeps them would otherwise take every place, also from the health checks.
        """
        unreserved = self.limits.connections - self.limits.reserved
        count = len(self.opened)
        if count <= unreserved:
            return False
        waiting = len(self.fresh) - self.handshakes + len(self.heads) + len(self.kept) + len(self.leaving)
        return count - waiting - len(self.reserved) > unreserved

    def admitted(self, wanted: int) -> int:
        """How many connections may be accepted now."""
        free = -self._excess
        if free > 0:
            return min(wanted, free)
        removable = len(list(islice(self._removable(), _LARGEST_OVERSHOOT)))
        if not removable and not self.fresh and not self.leaving:
            self._complain("every one is in the midst of a request; others wait")
        return min(wanted, removable)

    def make_room(self) -> None:
        """Close the longest silent connections in place of those above the limit."""
        if self._excess > 0:
            self._complain("those that were silent longest are closed")
            self.close_silent(self._excess)

    @property
    def _excess(self) -> int:
        """How many are open beyond the limit; some that have their last answer do not count, for they leave at once."""
        leaving = min(len(self.leaving), _LARGEST_OVERSHOOT)
        return len(self.opened) - leaving + self.opening - self.limits.connections

    def close_silent(self, count: int) -> None:
        """End those that await nothing any more, then long requests in reserved places, then the longest silent."""
        for end in list(islice(self._removable(), count)):
            end()

    def _removable(self) -> Iterator[Callable[[], None]]:
        """What ends each connection that makes room for another, in this order."""
        now = self.clock()
        for connection in _older(self.leaving, now - _SENDING_S):
            yield connection.end_silently
        for connection, since in self.reserved.items():
            if now - since > (_SENDING_S if connection.is_streaming else _SHORT_REQUEST_S):
                yield connection.give_way
        for silent in chain(_older(self.fresh, now - _ARRIVING_S), self.heads, self.kept):
            if not silent.has_unread():
                yield silent.end_silently
        for connection in _older(self.blocked, now - _STALLED_S):
            yield connection.end_silently

    def _complain(self, consequence: str) -> None:
        now = self.clock()
        if now - self._complained_at >= _COMPLAINT_INTERVAL_S:
            self._complained_at = now
            logger.warning("%d connections are as many as this worker takes: %s", self.limits.connections, consequence)


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
