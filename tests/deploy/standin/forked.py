"""Forks stand-ins from a process that has imported their code, which takes longer than many a test."""

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from django_runtimes.cli.processes import NICENESS

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.deploy.standin.preloaded"])
_PR_SET_PDEATHSIG = 1
_CHECKOUT = Path(__file__).parents[3]


class ForkedStandIn:
    """A stand-in in a session of its own, with the part of Popen's interface that `processes` and `ports` use.

    It gets SIGKILL when the process that forks ends, which happens when the test runner does.
    """

    def __init__(self, directory: Path, *, environ: Mapping[str, str], log: Path) -> None:
        self._process = _FORKS.Process(target=_serve, args=(directory, dict(environ), log), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return the exit code, or None while the stand-in runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it ends, and return its exit code; raise subprocess.TimeoutExpired after `timeout` seconds."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired("the stand-in", timeout)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to it, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL to it alone."""
        self.send_signal(signal.SIGKILL)


def _serve(directory: Path, environ: Mapping[str, str], log: Path) -> None:
    """Become a process like the one that `python -m tests.deploy.standin DIRECTORY` starts, and serve until SIGTERM."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    os.nice(NICENESS)
    descriptors = [os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)]
    for number, descriptor in ((0, descriptors[0]), (1, descriptors[1]), (2, descriptors[1])):
        os.dup2(descriptor, number)
    for descriptor in descriptors:
        os.close(descriptor)
    os.chdir(_CHECKOUT)
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()

    import asyncio

    from tests.deploy.standin.__main__ import serve

    asyncio.run(serve(directory))
