"""Bodies and connections that end to make room for others."""

import pytest

from django_runtimes.serving.http.limits import Limits
from django_runtimes.serving.http.worker_connections import Connections

pytestmark = pytest.mark.profile_free


class Body:
    """An upload in progress."""

    def __init__(self, name: str, *, age_s: float, bytes_per_s: float, ended: list[str]) -> None:
        self._name, self._age_s, self._bytes_per_s, self._ended = name, age_s, bytes_per_s, ended

    def body_age_s(self, now: float) -> float:
        return self._age_s

    def body_bytes_per_s(self, now: float) -> float:
        return self._bytes_per_s

    def end_late_body(self) -> None:
        self._ended.append(self._name)


def admit(*bodies: tuple[str, float, float, float]) -> tuple[bool, list[str]]:
    """Return whether one more body is admitted, and the names of the bodies that ended to make room.

    Each of `bodies` is its name, its age in seconds, its bytes per second and the seconds since its last byte.
    """
    ended: list[str] = []
    connections = Connections(Limits(bodies=len(bodies)), opened=[], clock=lambda: 100.0)
    for name, age_s, rate, paused_s in sorted(bodies, key=lambda body: -body[3]):
        connections.bodies[Body(name, age_s=age_s, bytes_per_s=rate, ended=ended)] = 100.0 - paused_s
    return connections.admits_body(), ended


def test_the_slowest_body_ends_to_make_room():
    assert admit(("drips", 60, 1, 0.1), ("flows", 60, 1e6, 0.2)) == (True, ["drips"])


def test_the_young_body_that_paused_longest_ends_to_make_room():
    assert admit(("renewed", 3, 0, 3), ("flows", 3, 0, 0.1)) == (True, ["renewed"])


def test_young_bodies_that_make_progress_are_kept():
    assert admit(("one", 3, 1e6, 0.1), ("other", 4, 1e6, 0.4)) == (False, [])


class Silent:
    """A TLS handshake without bytes, which the event loop has not cleaned up yet when it ends."""

    def has_unread(self) -> bool:
        return False

    def end_silently(self) -> None:
        pass


def test_no_client_is_admitted_for_a_connection_that_is_being_closed():
    connections = Connections(Limits(connections=4), opened=[], clock=lambda: 100.0)
    # The first one was closed for the fifth. The others have just arrived, so they are not closed yet.
    for age_s in (1.0, 0.1, 0.1, 0.1, 0.1):
        connections.fresh[Silent()] = 100.0 - age_s
    connections.opening = connections.handshakes = 5

    assert connections.admitted(2) == 0

    connections.fresh.popitem(last=False)
    connections.opening = connections.handshakes = 4
    connections.fresh[next(iter(connections.fresh))] = 99.0

    assert connections.admitted(2) == 1
