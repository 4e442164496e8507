"""A worker with limits short enough for a test."""

from dataclasses import replace

from django_runtimes.serving.http.fair_worker import FairUvicornWorker
from django_runtimes.serving.http.limits import Limits


class ImpatientWorker(FairUvicornWorker):
    """Gives up on bodies and writes that stall for 1.5 s."""

    def _limits(self) -> Limits:
        return replace(super()._limits(), body_pause_s=1.5, write_pause_s=1.5)
