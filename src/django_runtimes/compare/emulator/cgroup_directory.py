"""Keeps a cgroup for each process tree, in a directory of this process."""

import contextlib
import os
import re
import secrets
import signal
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

from django_runtimes.cli.processes import start_ticks

_NAME = re.compile(r"webapp-(?P<pid>\d+)-(?P<started>\d+)-[0-9a-f]+")
_NOTHING: Mapping[str, str] = MappingProxyType({})


class CgroupDirectory:
    """The cgroups of process trees, each named after the process id of its leader.

    Every group gets `settings`, the contents of its files by name. Under cgroup v2 these may need `controllers`, such
    as cpu, which `parent` must offer.
    """

    def __init__(self, parent: Path, settings: Mapping[str, str] = _NOTHING, controllers: Collection[str] = ()) -> None:
        """Remove the directories of dead processes from `parent`; the own one is created with its first group."""
        _remove_stale(parent)
        owner = os.getpid()
        self._path = parent / f"webapp-{owner}-{start_ticks(owner)}-{secrets.token_hex(4)}"
        self._settings = settings
        self._controllers = controllers

    def group(self, pid: int) -> Path:
        """Return the group of a leader, which may not exist."""
        return self._path / str(pid)

    def require(self, *files: str) -> None:
        """Raise OSError if this process cannot create groups, or if they lack one of these files or settings."""
        try:
            group = self._create("trial")
            missing = [name for name in files if not (group / name).exists()]
        finally:
            # An unused directory leaves nothing behind.
            self.close()
        if missing:
            raise OSError(f"the groups in {self._path.parent} have no {missing[0]}")

    def adopt(self, pid: int) -> None:
        """Create a group and move a leader into it, with all processes that it starts from now on."""
        group = self._create(str(pid))
        with contextlib.suppress(ProcessLookupError):
            (group / "cgroup.procs").write_text(str(pid))

    def release(self, pid: int) -> None:
        """Remove the group of a process that has been reaped."""
        # Children may still be dying; then `close` removes the group.
        with contextlib.suppress(OSError):
            self.group(pid).rmdir()

    def close(self) -> None:
        """Kill the remaining processes and remove the directory."""
        if self._path.exists():
            _remove(self._path)

    def _create(self, name: str) -> Path:
        if not self._path.exists():
            self._path.mkdir()
            if self._controllers:
                enable(self._path, self._controllers)
        group = self._path / name
        group.mkdir()
        for file, content in self._settings.items():
            (group / file).write_text(content)
        return group


def enable(group: Path, controllers: Collection[str]) -> None:
    """Let the groups in a cgroup v2 group use these controllers; raise OSError if that is impossible."""
    (group / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in controllers))


def kill_group(group: Path) -> bool:
    """Send SIGKILL to every process of a cgroup; return False when that is not permitted."""
    with contextlib.suppress(OSError):
        (group / "cgroup.kill").write_text("1")
        return True
    # Kernels before 5.14 and version 1 have no cgroup.kill.
    with contextlib.suppress(OSError):
        for pid in (group / "cgroup.procs").read_text().split():
            os.kill(int(pid), signal.SIGKILL)
        return True
    return False


def _remove_stale(parent: Path) -> None:
    for group in parent.glob("webapp-*"):
        owner = _NAME.fullmatch(group.name)
        if owner and start_ticks(int(owner["pid"])) != owner["started"]:
            _remove(group)


def _remove(directory: Path, *, patience_s: float = 1.0) -> None:
    """Kill the processes in the directory's groups and remove the groups; give up after `patience_s`."""
    children = [child for child in directory.iterdir() if child.is_dir()]
    for child in children:
        kill_group(child)
    deadline = time.monotonic() + patience_s
    for group in (*children, directory):
        while True:
            try:
                group.rmdir()
                break
            except OSError:
                if time.monotonic() > deadline:
                    return
                time.sleep(0.005)
