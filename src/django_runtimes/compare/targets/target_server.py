"""Starts and stops the server of an emulated container."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from signal import SIGTERM
from typing import Protocol

from django_runtimes.cli import processes


class TargetServer(Protocol):
    """Starts a server as a child process, or as a container behind one (`has_engine`)."""

    has_engine: bool

    def start(self, environ: Mapping[str, str], *, log: Path) -> subprocess.Popen[bytes]:
        """Start the server and return the child process, which ends with the server and with the caller."""
        ...

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """Stop the server and wait for its end."""
        ...

    def process_ids(self, process: subprocess.Popen[bytes]) -> Sequence[int]:
        """Return the server's processes on this machine, without their children."""
        ...

    @property
    def details(self) -> dict[str, str]:
        """The details for the run's record."""
        ...


class CheckoutServer:
    """Runs the image's server command with this Python, in `directory` or the current one."""

    has_engine = False

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory

    def start(self, environ: Mapping[str, str], *, log: Path) -> subprocess.Popen[bytes]:
        """Start the server and return its master process."""
        return processes.spawn(
            [sys.executable, "-m", "django_runtimes.entrypoints.launch"],
            environ=environ,
            log=log,
            directory=self._directory,
            # gunicorn stops its workers on SIGTERM; SIGKILL would leave them running.
            death_signal=SIGTERM,
        )

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """Send SIGTERM, and SIGKILL after 5 s."""
        processes.stop(process)

    def process_ids(self, process: subprocess.Popen[bytes]) -> Sequence[int]:
        """Return the master process."""
        return (process.pid,)

    @property
    def details(self) -> dict[str, str]:
        """The server's command, which chooses the number of workers itself."""
        return {"command": "python -m django_runtimes.entrypoints.launch"}
