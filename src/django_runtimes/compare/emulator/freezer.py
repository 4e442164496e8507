"""Freezes execution environments between invocations."""

import contextlib
import os
import re
import secrets
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Protocol

from django_runtimes.cli.processes import start_ticks

_GROUP_NAME = re.compile(r"webapp-(?P<pid>\d+)-(?P<started>\d+)-[0-9a-f]+")


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

    def __init__(self, parent: Path) -> None:
        """Use `parent`, the cgroup of this process; raise OSError when it cannot hold new groups."""
        _remove_stale_groups(parent)
        owner = os.getpid()
        self._group = parent / f"webapp-{owner}-{start_ticks(owner)}-{secrets.token_hex(4)}"
        self._group.mkdir()
        can_freeze = (self._group / "cgroup.freeze").exists()
        # `adopt` creates the group again, so that an unused freezer leaves nothing behind.
        self._group.rmdir()
        if not can_freeze:
            raise OSError(f"{parent} is not a cgroup v2 directory that can freeze")

    def adopt(self, pid: int) -> None:
        group = self._group / str(pid)
        group.mkdir(parents=True)
        with contextlib.suppress(ProcessLookupError):
            (group / "cgroup.procs").write_text(str(pid))

    def freeze(self, pid: int) -> None:
        (self._group / str(pid) / "cgroup.freeze").write_text("1")

    def thaw(self, pid: int) -> None:
        (self._group / str(pid) / "cgroup.freeze").write_text("0")

    def kill(self, pid: int) -> None:
        kill_group(self._group / str(pid))

    def release(self, pid: int) -> None:
        # Children may still be dying; then `close` removes the group.
        with contextlib.suppress(OSError):
            (self._group / str(pid)).rmdir()

    def close(self) -> None:
        if self._group.exists():
            _remove_group(self._group)


def choose_freezer() -> Freezer:
    """Return the cgroup v2 freezer if this process may use it, or else the freezer that sends signals."""
    parent = own_cgroup(Path("/proc/self/mountinfo").read_text(), Path("/proc/self/cgroup").read_text())
    # Moving a process into a child group also needs write access to the group that it leaves.
    if parent is not None and os.access(parent / "cgroup.procs", os.W_OK):
        with contextlib.suppress(OSError):
            return CgroupFreezer(parent)
    return SignalFreezer()


def own_cgroup(mountinfo: str, membership: str) -> Path | None:
    """Return the directory of this process's cgroup v2 group; None when cgroup v2 is not mounted.

    The arguments are the texts of /proc/self/mountinfo and /proc/self/cgroup. Hybrid hosts mount v2 beside v1, so the
    mount point varies.
    """
    group = next((line[len("0::") :] for line in membership.splitlines() if line.startswith("0::")), None)
    if group is None:
        return None
    for root, mount_point in _unified_mounts(mountinfo):
        if Path(group).is_relative_to(root):
            return Path(mount_point) / Path(group).relative_to(root)
    return None


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


def _remove_stale_groups(parent: Path) -> None:
    for group in parent.glob("webapp-*"):
        owner = _GROUP_NAME.fullmatch(group.name)
        if owner and start_ticks(int(owner["pid"])) != owner["started"]:
            _remove_group(group)


def _remove_group(group: Path, *, patience_s: float = 1.0) -> None:
    """Kill the processes in the group's children and remove the groups; give up after `patience_s`."""
    children = [child for child in group.iterdir() if child.is_dir()]
    for child in children:
        kill_group(child)
    deadline = time.monotonic() + patience_s
    for directory in (*children, group):
        while True:
            try:
                directory.rmdir()
                break
            except OSError:
                if time.monotonic() > deadline:
                    return
                time.sleep(0.005)


def kill_group(group: Path) -> bool:
    """Send SIGKILL to every process of a cgroup v2 group; return False when that is not permitted."""
    with contextlib.suppress(OSError):
        (group / "cgroup.kill").write_text("1")
        return True
    # Kernels before 5.14 have no cgroup.kill.
    with contextlib.suppress(OSError):
        for pid in (group / "cgroup.procs").read_text().split():
            os.kill(int(pid), signal.SIGKILL)
        return True
    return False
