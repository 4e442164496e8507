"""Tells whether a process is stopped or frozen."""

from pathlib import Path

from django_runtimes.compare.emulator.freezer import own_cgroup


def is_stopped(process: int) -> bool:
    """Return whether SIGSTOP has stopped the process."""
    # The state follows the command, which may contain blanks and brackets.
    return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].startswith("T")


def is_frozen(process: int) -> bool:
    """Return whether the Lambda emulator has frozen the process, by its cgroup or by SIGSTOP."""
    group = own_cgroup(Path("/proc/self/mountinfo").read_text(), Path(f"/proc/{process}/cgroup").read_text())
    events = group / "cgroup.events" if group is not None else None
    if events is not None and events.exists() and "frozen 1" in events.read_text().splitlines():
        return True
    return is_stopped(process)
