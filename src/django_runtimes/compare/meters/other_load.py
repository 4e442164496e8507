"""Measures the load of other processes on this machine before a run."""

import os
import time
from collections import defaultdict
from dataclasses import dataclass
from operator import itemgetter

import psutil

_INTERVAL_S = 1.0
# Less than this share of one CPU is ordinary background work.
_QUIET_CPUS = 0.1
_NAMED, _LEAST_CPUS = 3, 0.05


@dataclass(frozen=True)
class OtherLoad:
    """The number of CPUs that other processes keep busy, in total and for each of the busiest programs."""

    busy_cpus: float
    cpus: int
    programs: tuple[tuple[str, float], ...]

    @property
    def notice(self) -> str | None:
        """The notice to the user, or None if the load does not matter."""
        if self.busy_cpus < _QUIET_CPUS:
            return None
        named = ", ".join(f"{name} {cpus:.1f}" for name, cpus in self.programs)
        return (
            f"other processes keep {self.busy_cpus:.1f} of {self.cpus} CPUs busy ({named}); "
            f"end them for narrower intervals"
        )


def measure_other_load(interval_s: float = _INTERVAL_S) -> OtherLoad:
    """Measure for `interval_s` how much CPU other processes use."""
    before = _cpu_seconds()
    start = time.monotonic()
    time.sleep(interval_s)
    taken_s = time.monotonic() - start
    used: dict[str, float] = defaultdict(float)
    for process, (name, cpu_s) in _cpu_seconds().items():
        # A process that started during the interval used all its CPU time in it.
        _, cpu_before_s = before.get(process, (name, 0.0))
        used[name] += (cpu_s - cpu_before_s) / taken_s
    busiest = sorted(used.items(), key=itemgetter(1), reverse=True)
    return OtherLoad(
        busy_cpus=round(sum(used.values()), 2),
        cpus=psutil.cpu_count() or 1,
        programs=tuple((name, round(cpus, 2)) for name, cpus in busiest[:_NAMED] if cpus >= _LEAST_CPUS),
    )


def _cpu_seconds() -> dict[tuple[int, float], tuple[str, float]]:
    """Return the name and the CPU time in s of every other process, by its ID and start time.

    The key does not include the name, since kernel threads change theirs.

    """
    times = {}
    for process in psutil.process_iter(["name", "cpu_times", "create_time"]):
        cpu_times = process.info["cpu_times"]
        if process.pid != os.getpid() and cpu_times is not None:
            times[process.pid, process.info["create_time"]] = (process.info["name"], cpu_times.user + cpu_times.system)
    return times
