"""Freezes execution environments between invocations."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Protocol

from django_runtimes.compare.emulator.cgroup_directory import CgroupDirectory, kill_group


class Freezer(Protocol):
    """Freezes process trees, each identified by the process id of its session leader."""

    @property
    def name(self) -> str:
        """The mechanism, for the run's record."""

    def adopt(self, pid: int) -> None:
        """Take over a session leader right after its start, with all processes that it starts from now on."""

    def freeze(self, pid: int) -> None:
        """Stop the process and its children."""

    def thaw(self, pid: int) -> None:
        """Resume them."""

    def kill(self, pid: int) -> None:
        """Kill the process and its children, frozen or not; call it before the leader is reaped."""

    def release(self, pid: int) -> None:
        """Forget a process that has been reaped."""

    def close(self) -> None:
        """Kill the remaining processes and remove everything that the freezer created."""


class SignalFreezer:
    """Sends SIGSTOP and SIGCONT to the process group; works everywhere, but misses children in other groups."""

    name: ClassVar[str] = "SIGSTOP"

    def adopt(self, pid: int) -> None:
        """Do nothing; a session leader already leads the process group."""

    def freeze(self, pid: int) -> None:
        self._signal(pid, signal.SIGSTOP)

    def thaw(self, pid: int) -> None:
        self._signal(pid, signal.SIGCONT)

    def kill(self, pid: int) -> None:
        self._signal(pid, signal.SIGKILL)

    def release(self, pid: int) -> None:
        """Do nothing; this freezer keeps no state."""

    def close(self) -> None:
        """Do nothing; this freezer keeps no state."""

    def _signal(self, pid: int, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)


class CgroupFreezer:
    """Freezes with cgroup v2's `cgroup.freeze`, which stops a whole process tree, in a group of its own.

    The v1 freezer is not used: a process frozen by it survives SIGKILL.
    """

    name: ClassVar[str] = "cgroup v2"

    def __init__(self, directory: CgroupDirectory) -> None:
        """Create the groups in `directory`; raise OSError when it cannot hold groups that can be frozen."""
        self._directory = directory
        directory.require("cgroup.freeze")

    def adopt(self, pid: int) -> None:
        self._directory.adopt(pid)

    def freeze(self, pid: int) -> None:
        (self._directory.group(pid) / "cgroup.freeze").write_text("1")

    def thaw(self, pid: int) -> None:
        (self._directory.group(pid) / "cgroup.freeze").write_text("0")

    def kill(self, pid: int) -> None:
        kill_group(self._directory.group(pid))

    def release(self, pid: int) -> None:
        self._directory.release(pid)

    def close(self) -> None:
        self._directory.close()


def choose_freezer() -> Freezer:
    """Return the cgroup v2 freezer if this process may use it, or else the freezer that sends signals."""
    parent = own_cgroup(Path("/proc/self/mountinfo").read_text(), Path("/proc/self/cgroup").read_text())
    # Moving a process into a child group also needs write access to the group that it leaves.
    if parent is not None and os.access(parent / "cgroup.procs", os.W_OK):
        with contextlib.suppress(OSError):
            return CgroupFreezer(CgroupDirectory(parent))
    return SignalFreezer()


def own_cgroup(mountinfo: str, membership: str) -> Path | None:
    """Return the directory of this process's cgroup v2 group; None when cgroup v2 is not mounted.

    The arguments are the texts of /proc/self/mountinfo and /proc/self/cgroup. Hybrid hosts mount v2 beside v1, so the
    mount point varies.
    """
    return next(iter(own_cgroups(mountinfo, membership)), None)


def own_cgroups(mountinfo: str, membership: str) -> tuple[Path, ...]:
    """Return the directory of this process's cgroup v2 group, and of each group above it in the same mount."""
    group = next((line[len("0::") :] for line in membership.splitlines() if line.startswith("0::")), None)
    # A process that was moved out of its namespace has a group such as /../other, which no mount shows.
    if group is None or ".." in Path(group).parts:
        return ()
    for root, mount_point in _unified_mounts(mountinfo):
        if Path(group).is_relative_to(root):
            inside = Path(group).relative_to(root)
            return tuple(Path(mount_point) / each for each in (inside, *inside.parents))
    return ()


def unified_hierarchy(mountinfo: str) -> Path | None:
    """Return the mount point of cgroup v2 from the text of /proc/self/mountinfo; None when it is not mounted."""
    return next((Path(mount_point) for _, mount_point in _unified_mounts(mountinfo)), None)


def _unified_mounts(mountinfo: str) -> Iterator[tuple[str, str]]:
    """Yield the root within cgroup v2 and the mount point of each of its mounts."""
    for line in mountinfo.splitlines():
        mount, _, filesystem = line.partition(" - ")
        if filesystem.split()[0] == "cgroup2":
            root, mount_point = mount.split()[3:5]
            yield root, mount_point
