"""Counts the CPUs that the process may use: in a container, these can be fewer than the machine has."""

import os
from collections.abc import Iterator
from pathlib import Path

_V1_CPU = "sys/fs/cgroup/cpu"
_V2 = "sys/fs/cgroup"


def worker_cpus() -> int:
    """Return the default number of workers: one for each CPU that the process may use."""
    return available_cpus(len(os.sched_getaffinity(0)))


def available_cpus(affinity: int, *, root: Path = Path("/")) -> int:
    """Return the number of whole CPUs that the scheduler's affinity and every cgroup's quota allow, at least 1.

    A container with a quota of half a CPU sees all CPUs of the machine, but one worker for each would only be
    throttled. This reads both versions of cgroups below `root`; a file that cannot be read sets no limit.
    """
    return max(1, int(min([affinity, *_quotas(root)])))


def _quotas(root: Path) -> Iterator[float]:
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, group = line.split(":", 2)
        if controllers == "":
            for directory in _upwards(root / _V2, group):
                yield from _quota(" ".join(_lines(directory / "cpu.max")))
        elif "cpu" in controllers.split(","):
            for directory in _upwards(root / _V1_CPU, group):
                names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
                yield from _quota(" ".join(line for name in names for line in _lines(directory / name)))


def _upwards(mount: Path, group: str) -> Iterator[Path]:
    """Yield the group's directory and its parents, up to the mount.

    In a container, `group` may be a path of the host that does not exist here; the mount itself is then the group.
    """
    directory = mount / group.lstrip("/")
    while directory != mount:
        yield directory
        directory = directory.parent
    yield mount


def _quota(quota_and_period: str) -> Iterator[float]:
    """Yield the CPUs of a line such as '50000 100000'; nothing for 'max 100000' or -1, which set no limit."""
    match quota_and_period.split():
        case [quota, period] if quota.isdigit() and period.isdigit() and int(period) > 0:
            yield int(quota) / int(period)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
