"""Whether a process stands still."""

from pathlib import Path

from django_runtimes.compare.emulator.freezer import own_cgroup


def is_stopped(process: int) -> bool:
    """Whether a SIGSTOP holds it."""
    # Behind the command, which may hold spaces and brackets.
    return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].startswith("T")


def is_frozen(process: int) -> bool:
    """Whether the Lambda emulator holds it: its cgroup is frozen, or a SIGSTOP holds it."""
    group = own_cgroup(Path("/proc/self/mountinfo").read_text(), Path(f"/proc/{process}/cgroup").read_text())
    events = group / "cgroup.events" if group is not None else None
    if events is not None and events.exists() and "frozen 1" in events.read_text().splitlines():
        return True
    return is_stopped(process)
