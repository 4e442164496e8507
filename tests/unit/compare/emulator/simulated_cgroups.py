"""A directory that behaves like the kernel's cgroups: creating a group adds its files, and writes obey its rules."""

import errno
import os
from collections.abc import Collection
from pathlib import Path

import pytest

_GROUP_FILES = ("cgroup.procs", "cgroup.controllers", "cgroup.subtree_control", "cgroup.freeze")
_CONTROLLER_FILES = {"cpu": ("cpu.max",), "memory": ("memory.max",), "pids": ("pids.max",)}
_VERSION_1_FILES = {"cpu": ("cpu.cfs_period_us", "cpu.cfs_quota_us"), "memory": ("memory.limit_in_bytes",)}


class SimulatedCgroups:
    """Hierarchies of cgroups below a folder, for one test."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._unified: Path | None = None
        self._version_1: dict[Path, str] = {}
        self._mkdir, self._rmdir, self._write = Path.mkdir, Path.rmdir, Path.write_text

        # Bound methods would not get the path.
        def mkdir(path: Path, *arguments: object, **options: object) -> None:
            self._make(path, *arguments, **options)

        def rmdir(path: Path) -> None:
            self._remove(path)

        def write_text(path: Path, text: str, *_: object, **__: object) -> int:
            return self._set(path, text)

        for replacement in (mkdir, rmdir, write_text):
            patch.setattr(Path, replacement.__name__, replacement)

    def version_2(self, hierarchy: Path, controllers: str) -> Path:
        """Mount version 2 with these controllers at a folder."""
        self._unified = hierarchy
        self._mkdir(hierarchy, parents=True)
        self._add_files(hierarchy, controllers.split())
        return hierarchy

    def version_1(self, hierarchy: Path, controller: str) -> Path:
        """Mount a hierarchy of version 1."""
        self._version_1[hierarchy] = controller
        self._mkdir(hierarchy, parents=True)
        self._write(hierarchy / "cgroup.procs", "")
        return hierarchy

    def group(self, path: Path, *, passed_on: str = "", processes: str = "") -> Path:
        """Create a group that passes controllers on, or has processes."""
        path.mkdir()
        self._write(path / "cgroup.subtree_control", passed_on)
        self._write(path / "cgroup.procs", processes)
        return path

    def _make(self, path: Path, *arguments: object, **options: object) -> None:
        self._mkdir(path, *arguments, **options)
        if self._is_unified(path):
            self._add_files(path, (path.parent / "cgroup.subtree_control").read_text().split())
        for hierarchy, controller in self._version_1.items():
            if path.is_relative_to(hierarchy):
                for name in ("cgroup.procs", *_VERSION_1_FILES[controller]):
                    self._write(path / name, "")

    def _remove(self, path: Path) -> None:
        if self._is_unified(path) or any(path.is_relative_to(hierarchy) for hierarchy in self._version_1):
            if any(child.is_dir() for child in path.iterdir()):
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
            for child in path.iterdir():
                child.unlink()
        self._rmdir(path)

    def _set(self, path: Path, text: str) -> int:
        in_hierarchy = self._is_unified(path) or any(path.is_relative_to(each) for each in self._version_1)
        if in_hierarchy and not path.exists():
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        if path.name == "cgroup.subtree_control":
            group, wanted = path.parent, [word.removeprefix("+") for word in text.split()]
            # Only the root of the whole hierarchy may have processes and pass controllers on.
            if (group / "cgroup.procs").read_text() and group != self._unified:
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
            if not set(wanted) <= set((group / "cgroup.controllers").read_text().split()):
                raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
            text = " ".join(sorted({*path.read_text().split(), *wanted}))
        return self._write(path, text)

    def _is_unified(self, path: Path) -> bool:
        return self._unified is not None and path.is_relative_to(self._unified)

    def _add_files(self, group: Path, controllers: Collection[str]) -> None:
        for name in (*_GROUP_FILES, *(file for each in controllers for file in _CONTROLLER_FILES[each])):
            self._write(group / name, "")
        self._write(group / "cgroup.controllers", " ".join(controllers))
