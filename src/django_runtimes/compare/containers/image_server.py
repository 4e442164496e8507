"""Runs the image's server in a container with limits."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from django_runtimes.compare.containers.containers import Containers
from django_runtimes.compare.emulator.container_limits import ContainerLimits


class ImageServer:
    """Starts the image as a container runtime does: without arguments, on the host's network."""

    has_engine = True

    def __init__(self, containers: Containers, limits: ContainerLimits) -> None:
        self._containers = containers
        self._limits = limits

    def start(self, environ: Mapping[str, str], *, log: Path) -> subprocess.Popen[bytes]:
        """Start the server and return its client process, which ends with the caller."""
        return self._containers.start((), environ, limits=self._limits, log=log)

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """Send SIGTERM, and SIGKILL after 5 s."""
        self._containers.stop(process)

    def process_ids(self, process: subprocess.Popen[bytes]) -> Sequence[int]:
        """Return the first process of the container."""
        return self._containers.process_ids([process.pid])

    @property
    def details(self) -> dict[str, str]:
        """The started command and its limits, for the run's record."""
        return {"command": "the image's entry point", "limits": str(self._limits)}
