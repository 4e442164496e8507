"""A command in a process of its own: its output copied while it runs, its time bounded."""

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, cast

# Between the signal that a command may clean up after and the one that it cannot hear.
GRACE_S = 3.0

# What timeout(1) ends with.
_EXIT_STOPPED = 124
_LONGEST_LINE_BYTES = 65_536
_STANDARD_ERROR = 2
# What left the command's process group may hold its output open for ever.
_LAST_OUTPUT_S = 0.5
_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None)


@dataclass(frozen=True)
class CommandEnding:
    """How a command ended; `dropped_bytes` of its output came before what is here."""

    exit_code: int
    output: str
    dropped_bytes: int
    is_stopped: bool


def run_command(argv: Sequence[str], *, time_limit_s: float, kept_bytes: int) -> CommandEnding:
    """Run it to its end, and end with it whatever is still in its process group; call this on the main thread.

    Its standard output and its standard error go to this process's standard error, whole lines at a time and in the
    order in which they were written; the last `kept_bytes` are kept. After `time_limit_s` it gets SIGTERM, GRACE_S
    later SIGKILL, and the exit code is 124. One that a signal ended has 128 and the signal's number.
    """
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # Else the two would be out of order.
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        process_group=0,
        preexec_fn=_die_with_parent,  # noqa: PLW1509  (no other thread is there to hold a lock)
    )
    # A pipe, as asked for above.
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
    """Copies lines from a pipe to standard error, and keeps the last `kept_bytes` of them."""

    def __init__(self, pipe: IO[bytes], kept_bytes: int) -> None:
        self._pipe = pipe
        self._kept_bytes = kept_bytes
        self._last = bytearray()
        self._total_bytes = 0

    def run(self) -> None:
        # A line that never ends must not fill the memory, nor must many.
        while line := self._pipe.readline(_LONGEST_LINE_BYTES):
            os.write(_STANDARD_ERROR, line)
            self._total_bytes += len(line)
            self._last += line
            if len(self._last) > 2 * self._kept_bytes:
                del self._last[: -self._kept_bytes]
        self._pipe.close()

    def kept(self) -> tuple[str, int]:
        """The text, and how many bytes came before it."""
        last = bytes(self._last[-self._kept_bytes :])
        return last.decode(errors="replace"), self._total_bytes - len(last)


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
