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

# These folders are linked, because pages do not write to them and they may be large.
_LINKED_FOLDERS = frozenset({".git", ".hg", "node_modules"})
_LEFT_OUT = frozenset({"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", FOLDER})
_ENVIRONMENT = "pyvenv.cfg"
_REPOSITORY = ".git"
# The limit for all copied files other than Python source; beyond it, the largest files, such as uploads, are empty.
_MOST_COPIED_BYTES = 1024 * 1024 * 1024


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
        data: list[tuple[Path, Path]] = []
        _copy(root, target, (root, target), data)
        _copy_data(data, min(_MOST_COPIED_BYTES, shutil.disk_usage(folder).free // 2))
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


def _copy(source: Path, target: Path, roots: tuple[Path, Path], data: list[tuple[Path, Path]]) -> None:
    """Copy a folder's Python source and links, and add its other files and their copies to `data`."""
    target.mkdir()
    for entry in _entries(source):
        path, copy = Path(entry.path), target / entry.name
        if entry.name in _LEFT_OUT:
            continue
        if entry.is_symlink():
            # Unlike resolve(), realpath() does not raise for a loop.
            reached = Path(os.path.realpath(path))
            is_inside = reached.is_relative_to(roots[0])
            copy.symlink_to(roots[1] / reached.relative_to(roots[0]) if is_inside else reached)
        elif entry.is_dir():
            is_linked = entry.name in _LINKED_FOLDERS or (path / _ENVIRONMENT).exists()
            copy.symlink_to(path) if is_linked else _copy(path, copy, roots, data)
        elif entry.is_file() and path.suffix == ".py" and os.access(path, os.R_OK):
            shutil.copy2(path, copy)
        elif entry.is_file():
            data.append((path, copy))


def _copy_data(data: list[tuple[Path, Path]], most_bytes: int) -> None:
    """Copy the smallest files up to this sum; the others are empty, since a page could write to the file of a link."""
    for size, path, copy in sorted((path.stat().st_size, path, copy) for path, copy in data):
        if size <= most_bytes and os.access(path, os.R_OK):
            most_bytes -= size
            shutil.copy2(path, copy)
        else:
            copy.touch()
            shutil.copystat(path, copy)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """Return the folder's entries, or none if it cannot be read."""
    try:
        return list(os.scandir(folder))
    except PermissionError:
        return []
