"""Runs a suite in a child process that ends with this command."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM

from django_runtimes.cli import processes

# Time for pytest and Django's runner to remove their databases and report.
_GRACE_S = 15.0
_TERMINAL_GRACE_S = 2.0


def run_suite(command: tuple[str, ...], environ: Mapping[str, str], directory: Path) -> int:
    """Run the suite and return its exit code; raise KeyboardInterrupt after all of its processes have ended."""
    # With a terminal the suite stays in its foreground group, for debuggers and Ctrl-C. Without one it gets a session
    # of its own, so that all of its processes can be killed together.
    has_terminal = sys.stdin.isatty()
    process = subprocess.Popen(
        processes.bound_to_parent(command, death_signal=SIGTERM),
        env=dict(environ),
        cwd=directory,
        start_new_session=not has_terminal,
    )
    try:
        exit_code = process.wait()
        return exit_code if exit_code >= 0 else 128 - exit_code
    except KeyboardInterrupt:
        _interrupt(process, has_terminal=has_terminal)
        raise
    finally:
        if not has_terminal:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, SIGKILL)


def _interrupt(process: subprocess.Popen[bytes], *, has_terminal: bool) -> None:
    """Interrupt the suite and wait for its end; a second Ctrl-C kills it."""
    with contextlib.suppress(KeyboardInterrupt):
        if has_terminal and _has_ended(process, _TERMINAL_GRACE_S):
            return
        process.send_signal(SIGINT)
        if _has_ended(process, _GRACE_S):
            return
    process.kill()
    process.wait()


def _has_ended(process: subprocess.Popen[bytes], limit_s: float) -> bool:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(limit_s)
    return process.poll() is not None
