"""Finds out when the kernel started this process."""

import os
import time

# Only Linux has it.
_STAT = "/proc/self/stat"


def process_age_s() -> float | None:
    """Return the seconds since the kernel started this process, to a hundredth of a second; None without /proc."""
    # The import of pathlib would be a part of the start that is measured.
    try:
        with open(_STAT, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            stat = file.read()
    except OSError:
        return None
    # The 22nd field is the start in clock ticks since the machine's start. The second one, the command, may contain
    # spaces and parentheses, so fields are counted after it.
    ticks = int(stat.rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
