"""Which connections a sweep ends."""

import pytest

from webapp.serving.http.connections import Connections
from webapp.serving.http.limits import Limits

pytestmark = pytest.mark.profile_free


class Client:
    """A connection whose client takes its answer, or not."""

    def __init__(self, *, takes: bool) -> None:
        self._takes = takes
        self.ended = False

    def takes_answer(self) -> bool:
        return self._takes

    def end_silently(self) -> None:
        self.ended = True


def test_a_half_closed_client_that_takes_its_answer_stays():
    connections = Connections(Limits(linger_pause_s=5), opened=[], clock=lambda: 10.0)
    taking, gone = Client(takes=True), Client(takes=False)
    connections.half_closed |= {taking: 0.0, gone: 0.0}

    connections.sweep()

    assert (taking.ended, gone.ended) == (False, True)
