"""How the server of a container starts and ends."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from signal import SIGTERM
from typing import Protocol

from django_runtimes.cli import processes


class TargetServer(Protocol):
    """Starts the server that the variables describe, as a child process or behind one."""

    def start(self, environ: Mapping[str, str], *, log: Path) -> subprocess.Popen[bytes]:
        """The child, which ends when the server does, and ends it when the caller ends."""
        ...

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """End the server and wait until it is gone."""
        ...

    @property
    def details(self) -> dict[str, str]:
        """What belongs in the run's record."""
        ...


class CheckoutServer:
    """The image's own server command, with this Python, in `directory` or else in the current one."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory

    def start(self, environ: Mapping[str, str], *, log: Path) -> subprocess.Popen[bytes]:
        """Its master process."""
        return processes.spawn(
            [sys.executable, "-m", "django_runtimes.entrypoints.launch"],
            environ=environ,
            log=log,
            directory=self._directory,
            # gunicorn ends its workers then; killed, it would leave them behind.
            death_signal=SIGTERM,
        )

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """SIGTERM, and after 5 s SIGKILL."""
        processes.stop(process)

    @property
    def details(self) -> dict[str, str]:
        """The command that serves, which finds its own number of workers."""
        return {"command": "python -m django_runtimes.entrypoints.launch"}
