"""Finds a project's folder, from the current folder upwards."""

from collections.abc import Iterator
from pathlib import Path

from django_runtimes.cli.project.import_root import MANAGE
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.project_files.changes.init_record import FILE
from django_runtimes.project_files.dependencies.listing import PYPROJECT
from django_runtimes.project_files.reading.layout import DEPENDENCIES, manage_files

_REPOSITORY = ".git"


def find_folder(start: Path) -> Path:
    """Return the nearest folder with a list of dependencies, or else with manage.py, or else with the repository.

    Ignore a parent folder unless it contains exactly one Django project or was adopted. Return `start` if none is left.
    """
    for marks in (DEPENDENCIES, (MANAGE,), (_REPOSITORY,)):
        for folder in _upwards(start):
            if any((folder / mark).exists() for mark in marks) and _contains_project(folder, start):
                return folder
    return start


def recorded_folder(start: Path) -> Path:
    """Return the nearest folder in which `webapp init` has left its record; UsageError if there is none."""
    found = next((folder for folder in (start, *start.parents) if (folder / FILE).is_file()), None)
    if found is None:
        raise UsageError(f"{FILE} is not in {start}, so there is nothing to undo; use your own backup")
    return found


def _upwards(start: Path) -> Iterator[Path]:
    """Yield the folder and its parents, within its repository."""
    for folder in (start, *start.parents):
        yield folder
        if (folder / _REPOSITORY).exists():
            return


def _contains_project(folder: Path, start: Path) -> bool:
    pyproject = folder / PYPROJECT
    is_adopted = pyproject.is_file() and b"[tool.webapp]" in pyproject.read_bytes()
    return folder == start or is_adopted or len(manage_files(folder)) == 1
