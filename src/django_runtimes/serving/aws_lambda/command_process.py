"""Runs a command in its own process with a time limit, and copies its output to standard error."""

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, cast

# The time between SIGTERM, after which a command may clean up, and SIGKILL.
GRACE_S = 3.0

# The exit code of timeout(1).
_EXIT_STOPPED = 124
_LONGEST_LINE_BYTES = 65_536
_STANDARD_ERROR = 2
# A process that left the command's process group may keep the output open forever.
_LAST_OUTPUT_S = 0.5
_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None)


@dataclass(frozen=True)
class CommandEnding:
    """How a command ended; the first `dropped_bytes` of its output are not in `output`."""

    exit_code: int
    output: str
    dropped_bytes: int
    is_stopped: bool


def run_command(argv: Sequence[str], *, time_limit_s: float, kept_bytes: int, given: bytes = b"") -> CommandEnding:
    """Run a command, then kill the remaining processes of its group; call this on the main thread.

    `given` is its standard input, at most the capacity of a pipe (64 KiB on Linux).
    The command's standard output and standard error go to this process's standard error, in whole lines and in the
    order in which they were written; the last `kept_bytes` are kept. After `time_limit_s` the command gets SIGTERM, and
    SIGKILL after a further GRACE_S; its exit code is then 124. If another signal ended the command, its exit code is
    128 plus the signal's number.
    """
    process = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE if given else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # Without this variable, output and errors would be out of order.
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        process_group=0,
        preexec_fn=_die_with_parent,  # noqa: PLW1509  (no other thread exists that could hold a lock)
    )
    if process.stdin is not None:
        # The command may have ended already.
        with contextlib.suppress(BrokenPipeError), process.stdin:
            process.stdin.write(given)
    # `process.stdout` is not None, since stdout=PIPE.
    copy = _Copy(cast("IO[bytes]", process.stdout), kept_bytes)
    reader = threading.Thread(target=copy.run, name="output", daemon=True)
    reader.start()
    is_stopped = False
    try:
        process.wait(time_limit_s)
    except subprocess.TimeoutExpired:
        is_stopped = True
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
    reader.join(_LAST_OUTPUT_S)
    output, dropped_bytes = copy.kept()
    exit_code = 128 - status if status < 0 else status
    return CommandEnding(_EXIT_STOPPED if is_stopped else exit_code, output, dropped_bytes, is_stopped)


class _Copy:
    """Copies lines from a pipe to standard error and keeps the last `kept_bytes`."""

    def __init__(self, pipe: IO[bytes], kept_bytes: int) -> None:
        self._pipe = pipe
        self._kept_bytes = kept_bytes
        self._last = bytearray()
        self._total_bytes = 0

    def run(self) -> None:
        # Neither one endless line nor many lines may fill memory.
        while line := self._pipe.readline(_LONGEST_LINE_BYTES):
            os.write(_STANDARD_ERROR, line)
            self._total_bytes += len(line)
            self._last += line
            if len(self._last) > 2 * self._kept_bytes:
                del self._last[: -self._kept_bytes]
        self._pipe.close()

    def kept(self) -> tuple[str, int]:
        """Return the kept text, and the number of bytes dropped before it."""
        last = bytes(self._last[-self._kept_bytes :])
        return last.decode(errors="replace"), self._total_bytes - len(last)


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
