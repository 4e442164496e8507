"""Finds the folder of the project that the current one lies in."""

from collections.abc import Iterator
from pathlib import Path

from django_runtimes.cli.project.import_root import MANAGE
from django_runtimes.cli.tool_error import UsageError
from django_runtimes.project_files.dependencies.listing import PYPROJECT
from django_runtimes.project_files.init_record import FILE
from django_runtimes.project_files.layout import DEPENDENCIES, manage_files

_REPOSITORY = ".git"


def find_folder(start: Path) -> Path:
    """The folder that lists the dependencies, else the one of manage.py, else the repository's: the nearest from here.

    A folder above counts only where it holds one Django project, or was adopted; without any, `start`.
    """
    for marks in (DEPENDENCIES, (MANAGE,), (_REPOSITORY,)):
        for folder in _upwards(start):
            if any((folder / mark).exists() for mark in marks) and _is_around(folder, start):
                return folder
    return start


def recorded_folder(start: Path) -> Path:
    """The nearest folder from here that `webapp init` has written to; UsageError without one."""
    found = next((folder for folder in (start, *start.parents) if (folder / FILE).is_file()), None)
    if found is None:
        raise UsageError(f"{FILE} is not in {start}, so nothing is known that could be taken back; use your own copy")
    return found


def _upwards(start: Path) -> Iterator[Path]:
    """The folder and those above it, within the repository that holds it."""
    for folder in (start, *start.parents):
        yield folder
        if (folder / _REPOSITORY).exists():
            return


def _is_around(folder: Path, start: Path) -> bool:
    pyproject = folder / PYPROJECT
    is_adopted = pyproject.is_file() and b"[tool.webapp]" in pyproject.read_bytes()
    return folder == start or is_adopted or len(manage_files(folder)) == 1
