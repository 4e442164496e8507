"""Measures the CPU time and the memory of a target's processes with their children."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from django_runtimes.compare.record.resource_use import ResourceUse

# A process id may be reused, so the start of a process identifies it too.
_ProcessKey = tuple[int, float]
_KB_PER_MB = 1_024


class ProcessMeter:
    """Adds up the CPU time between each `begin` and `end`, and keeps the largest peak of memory.

    A process that ends in between counts with nothing, and one that starts in between with all of its time.
    """

    def __init__(self) -> None:
        self._before: dict[_ProcessKey, float] = {}
        self._cpu_s = 0.0
        self._requests = 0
        self._peak_rss_mb: float | None = None

    def begin(self, process_ids: Sequence[int]) -> None:
        """Start an interval of the processes with these ids."""
        self._before = {key: cpu_s for key, cpu_s, _ in _measured(process_ids)}

    def end(self, process_ids: Sequence[int], requests: int) -> None:
        """End an interval in which the processes answered this number of requests."""
        measured = list(_measured(process_ids))
        if not measured:
            return
        self._cpu_s += sum(cpu_s - self._before.get(key, 0.0) for key, cpu_s, _ in measured)
        self._requests += requests
        peaks = [peak for _, _, peak in measured if peak is not None]
        self._peak_rss_mb = max([*peaks, *(() if self._peak_rss_mb is None else (self._peak_rss_mb,))], default=None)

    @property
    def use(self) -> ResourceUse:
        """The use of all intervals; unknown without processes."""
        if not self._requests:
            return ResourceUse()
        peak_rss_mb = None if self._peak_rss_mb is None else round(self._peak_rss_mb, 1)
        return ResourceUse(round(self._cpu_s * 1_000 / self._requests, 3), peak_rss_mb)


def _measured(process_ids: Sequence[int]) -> Iterator[tuple[_ProcessKey, float, float | None]]:
    """Yield the key, the CPU time in s and the peak of memory in MB of each process and its descendants."""
    for process_id in process_ids:
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(process_id)
            for process in (root, *root.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    times = process.cpu_times()
                    yield (process.pid, process.create_time()), times.user + times.system, _peak_rss_mb(process.pid)


def _peak_rss_mb(process_id: int) -> float | None:
    """Return the peak since the process began, which only Linux has; None elsewhere or for a process that ended."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / _KB_PER_MB
    return None
