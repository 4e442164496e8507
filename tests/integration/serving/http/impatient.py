"""Our worker with limits that a test can wait for."""

from dataclasses import replace

from django_runtimes.serving.http.fair_worker import FairUvicornWorker
from django_runtimes.serving.http.limits import Limits


class ImpatientWorker(FairUvicornWorker):
    """Gives up what stands still for a second and a half."""

    def _limits(self) -> Limits:
        return replace(super()._limits(), body_pause_s=1.5, write_pause_s=1.5)
