"""Measures how many CPUs other processes keep busy while a block is measured."""

import contextlib
import os
import time
from collections.abc import Iterable

import psutil

# On Linux the times of guests are part of the times of the processes that run them.
_NOT_BUSY = frozenset({"idle", "iowait", "guest", "guest_nice"})


class OtherWork:
    """The busy time of the machine without this process, its descendants and further processes of the run."""

    def __init__(self, process_ids: Iterable[int] = ()) -> None:
        """Start to measure; `process_ids` are processes of the run outside of this process's tree."""
        self._roots = tuple(dict.fromkeys((os.getpid(), *process_ids)))
        self._own_s, self._machine_s, self._start = _own_s(self._roots), _machine_s(), time.monotonic()

    def busy_cpus(self) -> float | None:
        """The mean number of CPUs that others kept busy so far; None if a process of the run took its time along."""
        taken_s = time.monotonic() - self._start
        machine_s, own_s = _machine_s() - self._machine_s, _own_s(self._roots) - self._own_s
        if own_s < 0 or not taken_s:
            return None
        return round(min(max(machine_s - own_s, 0.0) / taken_s, float(psutil.cpu_count() or 1)), 2)


def _machine_s() -> float:
    times = psutil.cpu_times()._asdict()
    return float(sum(seconds for name, seconds in times.items() if name not in _NOT_BUSY))


def _own_s(roots: Iterable[int]) -> float:
    """Return the CPU time of processes and their descendants, including children that have ended."""
    found: dict[int, psutil.Process] = {}
    for pid in roots:
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(pid)
            found |= {process.pid: process for process in (root, *root.children(recursive=True))}
    total_s = 0.0
    for process in found.values():
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            # Only Linux counts the time of children that have ended.
            total_s += times.user + times.system + times.children_user + times.children_system
    return total_s
