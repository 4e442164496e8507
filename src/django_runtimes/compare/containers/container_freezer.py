"""Freezes containers through their own cgroups, if this process may write to them."""

import contextlib
import os
from pathlib import Path

from django_runtimes.compare.containers.containers import Containers
from django_runtimes.compare.emulator.cgroup_directory import kill_group
from django_runtimes.compare.emulator.freezer import unified_hierarchy


class ContainerFreezer:
    """Freezes containers with cgroup v2's `cgroup.freeze`; the process id of the engine's client identifies each.

    The engine's `pause` is not used: it starts a process for every invocation, and under cgroups v1 a paused container
    survives SIGKILL. When a cgroup is not writable its container keeps running, and `name` says so.
    """

    def __init__(self, containers: Containers) -> None:
        self._containers = containers
        self._hierarchy = unified_hierarchy(Path("/proc/self/mountinfo").read_text())
        self._groups: dict[int, Path] = {}
        self._path_around_id: tuple[str, str] | None = None
        self._freezes = True

    @property
    def name(self) -> str:
        return "cgroup v2 of the container" if self._freezes else "none: the container's cgroup is not writable"

    def adopt(self, pid: int) -> None:
        """Do nothing; the container does not exist yet, and gets a cgroup of its own."""

    def freeze(self, pid: int) -> None:
        if not self._set_frozen(pid, "1"):
            self._freezes = False

    def thaw(self, pid: int) -> None:
        self._set_frozen(pid, "0")

    def kill(self, pid: int) -> None:
        group = self._group(pid)
        if group is not None and not group.exists() and _has_exited(pid):
            return
        # The engine creates the group after the container's id.
        if group is None or not kill_group(group):
            self._containers.kill(pid)

    def release(self, pid: int) -> None:
        self._groups.pop(pid, None)
        self._containers.forget(pid)

    def close(self) -> None:
        """Do nothing; at the end of its `with` block, `Containers` ends the containers that still run."""

    def _set_frozen(self, pid: int, state: str) -> bool:
        group = self._group(pid)
        if group is None:
            return False
        with contextlib.suppress(OSError):
            (group / "cgroup.freeze").write_text(state)
            return True
        return False

    def _group(self, pid: int) -> Path | None:
        if pid not in self._groups:
            identifier = self._containers.id_of(pid)
            if identifier is None or self._hierarchy is None:
                return None
            group = self._find(self._hierarchy, identifier)
            if group is None:
                return None
            self._groups[pid] = group
        return self._groups[pid]

    def _find(self, hierarchy: Path, identifier: str) -> Path | None:
        """Return the container's cgroup; the first one found shows where the engine creates the others."""
        if self._path_around_id is None:
            found = next(
                # podman puts the process that monitors a container into a cgroup with a similar name.
                (path for path in hierarchy.glob(f"**/*{identifier}*/") if "conmon" not in path.name),
                None,
            )
            if found is None:
                return None
            before, _, after = str(found).rpartition(identifier)
            self._path_around_id = (before, after)
        return Path(identifier.join(self._path_around_id))


def _has_exited(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    return True
