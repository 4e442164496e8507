"""Finds the processes of containers on this machine."""

import contextlib
from collections.abc import Collection
from pathlib import Path

_PROCESSES = Path("/proc")


def first_processes(identifiers: Collection[str], processes: Path = _PROCESSES) -> tuple[int, ...]:
    """Return the first process of each container with one of these ids, from the cgroups of all processes.

    A container has none before it runs, or if its engine runs it in a virtual machine.
    """
    containers: dict[int, str] = {}
    parents: dict[int, int] = {}
    for directory in processes.glob("[0-9]*"):
        # Processes end while they are read.
        with contextlib.suppress(OSError):
            groups = (directory / "cgroup").read_text()
            # podman puts the process that monitors a container into a cgroup with a similar name.
            lines = [line for line in groups.splitlines() if "conmon" not in line]
            for identifier in identifiers:
                if any(identifier in line for line in lines):
                    pid = int(directory.name)
                    containers[pid] = identifier
                    parents[pid] = _parent(directory)
    return tuple(pid for pid, identifier in containers.items() if containers.get(parents[pid]) != identifier)


def _parent(directory: Path) -> int:
    # The second field, the command, may contain spaces and parentheses.
    return int((directory / "stat").read_text().rpartition(")")[2].split()[1])
