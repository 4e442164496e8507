"""Which processes a process has started, and whether they are gone."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def descendants(pid: int) -> set[int]:
    """The ids of everything that `pid` started and that still has its parents, by /proc."""
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


def remaining(pids: set[int], *, timeout_s: float = 10.0) -> set[int]:
    """Those of the processes that are still alive after waiting for their end."""
    deadline = time.monotonic() + timeout_s
    while alive := {pid for pid in pids if is_alive(pid)}:
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    return alive


def is_alive(pid: int) -> bool:
    """Whether a process runs, frozen or not."""
    status = _status(pid)
    # A dead orphan stays a zombie where the first process of the container reaps nobody.
    return status is not None and status[0] not in {"Z", "X"}


def command_line(pid: int) -> str:
    """What a process was started with; empty when it has ended since somebody listed it."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="surrogateescape")
    except (FileNotFoundError, ProcessLookupError):
        return ""


class Script:
    """A Python script in a process of its own, which prints a line when it is ready and then waits."""

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
        """The next line it prints; empty when it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        """End it as nothing can prevent."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def _status(pid: int) -> tuple[str, int] | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return fields[0], int(fields[1])
