"""Measures how long a process has waited for a CPU, which it would not do on Lambda."""

from pathlib import Path


def cpu_wait_s(pid: int, processes: Path = Path("/proc")) -> float:
    """Return the seconds that the first thread was runnable but not running; 0 when the kernel does not count them.

    https://docs.kernel.org/scheduler/sched-stats.html describes the fields of /proc/PID/schedstat.
    """
    try:
        _, waited_ns, _ = (processes / str(pid) / "schedstat").read_text().split()
    except (OSError, ValueError):
        return 0.0
    return int(waited_ns) / 1e9
