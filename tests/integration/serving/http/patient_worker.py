"""A worker that lets clients take their time to read its last response."""

from dataclasses import replace

from django_runtimes.serving.http import websocket_outlet
from django_runtimes.serving.http.fair_worker import FairUvicornWorker
from django_runtimes.serving.http.limits import Limits

_LINGER_S = 120.0
# The client closes first, so no test waits for this time; with a shorter one, a client that stands still loses the
# last frame.
websocket_outlet._LINGER_S = _LINGER_S


class PatientWorker(FairUvicornWorker):
    """Gives up on clients that still send after their last response only after two minutes."""

    def _limits(self) -> Limits:
        return replace(super()._limits(), linger_pause_s=_LINGER_S, linger_s=_LINGER_S)
