"""How long a process has waited for a CPU of this machine, which Lambda would have given it at once."""

from pathlib import Path


def cpu_wait_s(pid: int, processes: Path = Path("/proc")) -> float:
    """The seconds that its first thread was ready to run and did not; 0 where the kernel counts none.

    https://docs.kernel.org/scheduler/sched-stats.html has the fields of /proc/PID/schedstat.
    """
    try:
        _, waited_ns, _ = (processes / str(pid) / "schedstat").read_text().split()
    except (OSError, ValueError):
        return 0.0
    return int(waited_ns) / 1e9
