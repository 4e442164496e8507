"""Copies a project to a temporary folder, so that settings and pages that write files do not change the project."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from django_runtimes.project_files.changes.init_record import FOLDER
from django_runtimes.project_files.reading.layout import Layout

# These folders are linked, because nothing writes to them and they may be large.
_LINKED_FOLDERS = frozenset({".git", ".hg", "node_modules"})
_LEFT_OUT = frozenset({"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", FOLDER})
_ENVIRONMENT = "pyvenv.cfg"
_REPOSITORY = ".git"
_LARGEST_COPIED_BYTES = 5 * 1024 * 1024
# The limit for all copied files other than Python source; beyond it, files such as uploads are linked.
_MOST_COPIED_BYTES = 200 * 1024 * 1024


@contextmanager
def copied_project(layout: Layout) -> Iterator[Layout]:
    """Yield the layout of a copy, which is removed afterwards; the rest of the repository is linked."""
    root = layout.root.resolve()
    with tempfile.TemporaryDirectory(prefix="webapp-init-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        for above in _folders_above(root):
            below = next(path for path in (root, *root.parents) if path.parent == above)
            folder = folder / (above.name or "root")
            folder.mkdir()
            for entry in _entries(above):
                if entry.name != below.name:
                    (folder / entry.name).symlink_to(entry.path)
        target = folder / (root.name or "root")
        _copy(root, target, root, [_MOST_COPIED_BYTES])
        python_path, settings_file = (
            target / path.relative_to(layout.root) for path in (layout.python_path, layout.settings_file)
        )
        yield replace(layout, root=target, python_path=python_path, settings_file=settings_file)


def _folders_above(root: Path) -> list[Path]:
    """Return the folders above `root`, from the repository's top down; without a repository, only the parent."""
    if (root / _REPOSITORY).exists():
        return []
    parents = list(root.parents)
    top = next((index for index, parent in enumerate(parents) if (parent / _REPOSITORY).exists()), 0)
    return parents[top::-1] if parents else []


def _copy(source: Path, target: Path, root: Path, left: list[int]) -> None:
    """Copy a folder; `left` is the number of bytes that may still be copied."""
    target.mkdir()
    for entry in _entries(source):
        path, copy = Path(entry.path), target / entry.name
        if entry.name in _LEFT_OUT:
            continue
        if entry.is_symlink():
            # Unlike resolve(), realpath() does not raise for a loop.
            named, reached = path.readlink(), Path(os.path.realpath(path))
            copy.symlink_to(named if reached.is_relative_to(root) and not named.is_absolute() else reached)
        elif entry.is_dir():
            is_linked = entry.name in _LINKED_FOLDERS or (path / _ENVIRONMENT).exists()
            copy.symlink_to(path) if is_linked else _copy(path, copy, root, left)
        elif entry.is_file():
            _copy_file(path, copy, left)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """Return the folder's entries, or none if it cannot be read."""
    try:
        return list(os.scandir(folder))
    except PermissionError:
        return []


def _copy_file(path: Path, copy: Path, left: list[int]) -> None:
    """Copy the file, or link it if it is large or cannot be read."""
    size = path.stat().st_size if path.suffix != ".py" else 0
    if size > min(_LARGEST_COPIED_BYTES, left[0]) or not os.access(path, os.R_OK):
        copy.symlink_to(path)
    else:
        left[0] -= size
        shutil.copy2(path, copy)
