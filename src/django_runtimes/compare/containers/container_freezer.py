"""The freezer of containers: their own cgroup, where this process may write to it."""

import contextlib
from pathlib import Path

from django_runtimes.compare.containers.containers import Containers
from django_runtimes.compare.emulator.freezer import kill_group, unified_hierarchy


class ContainerFreezer:
    """Freezes a container by cgroup v2's `cgroup.freeze`; each is named by the id of its engine's client.

    Never by the engine's `pause`: it takes a process of the engine for every invocation, and on cgroups v1 what it
    has paused survives SIGKILL. Where the group cannot be written containers run on, and `name` says so.
    """

    def __init__(self, containers: Containers) -> None:
        self._containers = containers
        self._hierarchy = unified_hierarchy(Path("/proc/self/mountinfo").read_text())
        self._groups: dict[int, Path] = {}
        self._path_around_id: tuple[str, str] | None = None
        self._freezes = True

    @property
    def name(self) -> str:
        return "cgroup v2 of the container" if self._freezes else "none: the container's cgroup cannot be written"

    def adopt(self, pid: int) -> None:
        """Nothing: its container does not exist yet, and has a group of its own."""

    def freeze(self, pid: int) -> None:
        if not self._set_frozen(pid, "1"):
            self._freezes = False

    def thaw(self, pid: int) -> None:
        self._set_frozen(pid, "0")

    def kill(self, pid: int) -> None:
        group = self._group(pid)
        if group is not None and not group.exists():
            return
        if group is None or not kill_group(group):
            self._containers.kill(pid)

    def release(self, pid: int) -> None:
        self._groups.pop(pid, None)
        self._containers.forget(pid)

    def close(self) -> None:
        """Nothing was kept: what still runs ends with the containers' block."""

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
        """The container's group, wherever its engine makes them; the first shows where the others are."""
        if self._path_around_id is None:
            found = next(
                # podman keeps the process that watches a container in a group of a like name.
                (path for path in hierarchy.glob(f"**/*{identifier}*/") if "conmon" not in path.name),
                None,
            )
            if found is None:
                return None
            before, _, after = str(found).rpartition(identifier)
            self._path_around_id = (before, after)
        return Path(identifier.join(self._path_around_id))
