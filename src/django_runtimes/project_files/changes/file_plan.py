"""Collects the planned changes to a project's files before any is written."""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from django_runtimes.cli.tool_error import UsageError


@dataclass(frozen=True)
class FileChange:
    """A planned change of a file; None stands for no file, and `path` is resolved and inside the project."""

    path: Path
    before: bytes | None
    after: bytes | None


@dataclass
class FilePlan:
    """The files of one project, read as if the changes planned so far were made.

    `already` lists what needs no change, and `remarks` are notes for the user.
    """

    root: Path
    already: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    _before: dict[Path, bytes | None] = field(default_factory=dict)
    _after: dict[Path, bytes | None] = field(default_factory=dict)

    @property
    def changes(self) -> tuple[FileChange, ...]:
        """The changes, in the order in which they were planned."""
        return tuple(FileChange(path, self._before[path], after) for path, after in self._after.items())

    def exists(self, path: Path) -> bool:
        """Return whether anything exists at this path, even a broken link."""
        target = self._resolved(path)
        return self._after[target] is not None if target in self._after else os.path.lexists(path)

    def has_file(self, path: Path) -> bool:
        """Return whether a file, or a broken link, exists at this path; UsageError if a folder does."""
        if self._resolved(path).is_dir():
            raise UsageError(
                f"{self.name(path)} is a folder, but webapp init writes a file of this name; rename the folder"
            )
        return self.exists(path)

    def read(self, path: Path) -> bytes | None:
        """Return the content as planned so far, or None if there is no file; UsageError if it cannot be read."""
        target = self._resolved(path)
        if target in self._after:
            return self._after[target]
        try:
            return target.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UsageError(f"{self.name(path)} cannot be read ({error.strerror}); make it a readable file") from None

    def write(self, path: Path, content: bytes) -> None:
        """Plan this content; UsageError for a file that is read-only or outside the project."""
        self._plan(path, content)

    def remove(self, path: Path) -> None:
        """Plan the removal of the file; UsageError as for write()."""
        self._plan(path, None)

    def _plan(self, path: Path, content: bytes | None) -> None:
        target = self._resolved(path)
        before = self.read(path)
        if before == content:
            return
        if not target.is_relative_to(self.root.resolve()):
            raise UsageError(
                f"{self.name(path)} is a link to {target}, and nothing outside {self.root} is written; "
                "replace the link with the file"
            )
        _require_writable(target, self.name(path))
        self._before.setdefault(target, before)
        self._after[target] = content

    def name(self, path: Path) -> str:
        """Return the path relative to the project's folder, for messages."""
        for root in (self.root, self.root.resolve()):
            if path.is_relative_to(root):
                return path.relative_to(root).as_posix()
        return str(path)

    @staticmethod
    def _resolved(path: Path) -> Path:
        return path.resolve()


def _require_writable(path: Path, name: str) -> None:
    if path.exists():
        # os.access() is always true for root, so the mode is checked as well.
        if not path.stat().st_mode & stat.S_IWUSR or not os.access(path, os.W_OK):
            raise UsageError(f"{name} is read-only and needs a change; make it writable: chmod u+w {name}")
        folder = path.parent
    else:
        folder = next(parent for parent in path.parents if parent.exists())
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"{folder} is read-only, but {name} must be written there; make the folder writable")
