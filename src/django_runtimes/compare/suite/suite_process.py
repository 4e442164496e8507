"""Runs one suite in a child process that ends with the command."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM

from django_runtimes.cli import processes

# pytest and Django's runner remove their databases and report in it.
_GRACE_S = 15.0
_OWN_ENDING_S = 2.0


def run_suite(command: tuple[str, ...], environ: Mapping[str, str], directory: Path) -> int:
    """The suite's exit code; KeyboardInterrupt, once the suite and all of its processes have ended."""
    # A terminal is the suite's, for debuggers, and its Ctrl-C reaches all of it. Elsewhere its processes share a
    # session of their own, by which they can be ended together.
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
    """Let the suite end as by Ctrl-C, once; a second Ctrl-C kills it."""
    with contextlib.suppress(KeyboardInterrupt):
        if has_terminal and _has_ended(process, _OWN_ENDING_S):
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
