"""Gives each execution environment the CPU share and the memory of its function, by cgroups."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.emulator.cgroup_directory import CgroupDirectory, enable
from django_runtimes.compare.emulator.container_limits import ContainerLimits
from django_runtimes.compare.emulator.freezer import CgroupFreezer, Freezer, choose_freezer, own_cgroups

# With the kernel's period of 100 ms, most requests would end before they have used up the quota of their period, as if
# the function had a whole CPU. The kernel's minimum quota is 1 ms, and 128 MB have 1.4 ms.
_PERIOD_US = 20_000
_CONTROLLERS = ("cpu", "memory")
_BYTES_PER_MB = 2**20


@dataclass(frozen=True)
class LimitRoots:
    """Where this process may create groups with limits: below one group of version 2, or one for each controller."""

    unified: Path | None = None
    cpu: Path | None = None
    memory: Path | None = None


class LimitedFreezer:
    """Freezes processes with another freezer, and limits them by groups of cgroup v1."""

    def __init__(self, freezer: Freezer, *limits: CgroupDirectory) -> None:
        self._freezer = freezer
        self._limits = limits

    @property
    def name(self) -> str:
        """The mechanism of the freezer."""
        return self._freezer.name

    def adopt(self, pid: int) -> None:
        """Limit and take over a session leader."""
        for directory in self._limits:
            directory.adopt(pid)
        self._freezer.adopt(pid)

    def freeze(self, pid: int) -> None:
        self._freezer.freeze(pid)

    def thaw(self, pid: int) -> None:
        self._freezer.thaw(pid)

    def kill(self, pid: int) -> None:
        self._freezer.kill(pid)

    def release(self, pid: int) -> None:
        """Forget a process that has been reaped."""
        self._freezer.release(pid)
        for directory in self._limits:
            directory.release(pid)

    def close(self) -> None:
        """Kill the remaining processes and remove all groups."""
        self._freezer.close()
        for directory in self._limits:
            directory.close()


def limited_freezer(limits: ContainerLimits) -> Freezer:
    """Return a freezer that gives each process tree these limits; raise CompareError where that is impossible."""
    with contextlib.suppress(OSError):
        roots = find_limit_roots(Path("/proc/self/mountinfo").read_text(), Path("/proc/self/cgroup").read_text())
        freezer = freezer_below(roots, limits)
        if freezer is not None:
            return freezer
    raise CompareError(
        "targets with a memory size need CPU and memory limits, and this process cannot create cgroups with the "
        "controllers cpu and memory; run as root or under `systemd-run --user --scope --property Delegate=yes`, "
        "or measure an --image"
    )


def freezer_below(roots: LimitRoots, limits: ContainerLimits) -> Freezer | None:
    """Return a freezer whose groups have these limits; None without the roots for it.

    Raise OSError where groups cannot be created.
    """
    quota_us = max(1_000, round(limits.cpus * _PERIOD_US))
    memory = str(limits.memory_mb * _BYTES_PER_MB)
    if roots.unified is not None:
        settings = {"cpu.max": f"{quota_us} {_PERIOD_US}", "memory.max": memory}
        return CgroupFreezer(CgroupDirectory(roots.unified, settings, _CONTROLLERS))
    if roots.cpu is not None and roots.memory is not None:
        period = {"cpu.cfs_period_us": str(_PERIOD_US), "cpu.cfs_quota_us": str(quota_us)}
        directories = (
            CgroupDirectory(roots.cpu, period),
            CgroupDirectory(roots.memory, {"memory.limit_in_bytes": memory}),
        )
        for directory in directories:
            directory.require()
        return LimitedFreezer(choose_freezer(), *directories)
    return None


def find_limit_roots(mountinfo: str, membership: str) -> LimitRoots:
    """Return where groups with limits can be created, from the texts of /proc/self/mountinfo and /proc/self/cgroup.

    Under version 2, a group that holds processes cannot pass controllers on, so the root is the nearest group above
    this process's that can.
    """
    for group in own_cgroups(mountinfo, membership):
        if (group / "cgroup.controllers").exists() and _passes_controllers_on(group):
            return LimitRoots(unified=group)
    found = {name: _v1_group(name, mountinfo, membership) for name in _CONTROLLERS}
    return LimitRoots(cpu=found["cpu"], memory=found["memory"])


def _passes_controllers_on(group: Path) -> bool:
    # Moving a process between groups needs write access to the group above both.
    if not all(os.access(group / name, os.W_OK) for name in ("", "cgroup.procs", "cgroup.subtree_control")):
        return False
    if not set(_CONTROLLERS) <= set((group / "cgroup.controllers").read_text().split()):
        return False
    if set(_CONTROLLERS) <= set((group / "cgroup.subtree_control").read_text().split()):
        return True
    with contextlib.suppress(OSError):
        enable(group, _CONTROLLERS)
        return True
    return False


def _v1_group(controller: str, mountinfo: str, membership: str) -> Path | None:
    """Return this process's writable group of a controller of version 1; None without one."""
    groups = _v1_memberships(membership)
    for line in mountinfo.splitlines():
        mount, _, filesystem = line.partition(" - ")
        kind, _, options = filesystem.split(maxsplit=2)
        if kind == "cgroup" and controller in options.split(",") and controller in groups:
            root, mount_point = mount.split()[3:5]
            if not groups[controller].is_relative_to(root):
                continue
            group = mount_point / groups[controller].relative_to(root)
            if os.access(group / "cgroup.procs", os.W_OK):
                return group
    return None


def _v1_memberships(membership: str) -> Mapping[str, Path]:
    def pairs() -> Iterator[tuple[str, Path]]:
        for line in membership.splitlines():
            _, controllers, group = line.split(":", 2)
            yield from ((name, Path(group)) for name in controllers.split(",") if name)

    return dict(pairs())
