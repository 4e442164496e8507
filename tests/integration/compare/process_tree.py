"""Finds the descendants of a process in /proc, and waits for their end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def descendants(pid: int) -> set[int]:
    """Return the PIDs of the descendants of `pid`, except orphans."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (status := _status(int(entry.name))):
            children.setdefault(status[1], []).append(int(entry.name))
    found: set[int] = set()
    unseen = [pid]
    while unseen:
        unseen += (new := [child for child in children.get(unseen.pop(), []) if child not in found])
        found.update(new)
    return found


def remaining(pids: set[int], *, timeout_s: float = 120.0) -> set[int]:
    """Wait for processes to exit, and return those that are still alive."""
    deadline = time.monotonic() + timeout_s
    while alive := {pid for pid in pids if is_alive(pid)}:
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    return alive


def is_alive(pid: int) -> bool:
    """Return whether a process runs, frozen or not."""
    status = _status(pid)
    # A dead orphan stays a zombie in a container whose first process does not reap children.
    return status is not None and status[0] not in {"Z", "X"}


def command_line(pid: int) -> str:
    """Return a process's command line, or an empty string if it has exited."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="surrogateescape")
    except (FileNotFoundError, ProcessLookupError):
        return ""


class Script:
    """Runs a Python script as a process, which prints a line when it is ready and then waits."""

    def __init__(self, source: str, *, prefix: tuple[str, ...] = (), **environ: str) -> None:
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-c", source],
            env={**os.environ, **environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
        )

    def __enter__(self) -> "Script":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.process.kill()
        self.process.communicate()

    def line(self) -> str:
        """Return the next line that it prints, or an empty string if it has exited."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        """Send SIGKILL, and wait for the exit."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def _status(pid: int) -> tuple[str, int] | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return fields[0], int(fields[1])
