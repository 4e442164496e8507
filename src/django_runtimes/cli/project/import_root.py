"""Finds the folder of a project that its modules are imported from, which manage.py has on Python's path."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

MANAGE = "manage.py"
# Below the project's folder, as in backend/manage.py and apps/web/manage.py.
_DEPTH = 2
_NOT_THE_PROJECT = frozenset({"node_modules", "site-packages", "__pycache__"})


class AmbiguousRootError(Exception):
    """Several folders hold the settings; `folders` are they."""

    def __init__(self, folders: Sequence[Path]) -> None:
        super().__init__(", ".join(map(str, folders)))
        self.folders = tuple(folders)


def find_import_root(directory: Path, settings: str | None) -> Path:
    """The folder that holds the settings module: `directory`, its `src`, or that of a manage.py at most 2 below.

    Where none holds it, or no settings are named, the folder of the only manage.py, else `directory`.
    AmbiguousRootError when several that have a manage.py hold it.
    """
    if settings is not None:
        for folder in (directory, directory / "src"):
            if _holds(folder, settings):
                return folder
    if (directory / MANAGE).is_file():
        return directory
    folders = list(folders_with_manage(directory))
    if settings is not None and (holding := [folder for folder in folders if _holds(folder, settings)]):
        folders = holding
        if len(folders) > 1:
            raise AmbiguousRootError(folders)
    return folders[0] if len(folders) == 1 else directory


def _holds(folder: Path, module: str) -> bool:
    path = folder.joinpath(*module.split("."))
    return path.with_name(f"{path.name}.py").is_file() or (path / "__init__.py").is_file()


def folders_with_manage(directory: Path, depth: int = _DEPTH) -> Iterator[Path]:
    """The folders that have a manage.py, at most `depth` below a folder; none below one that has."""
    try:
        entries = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir(follow_symlinks=False))
    except OSError:
        return
    for name in entries:
        folder = directory / name
        if name.startswith(".") or name in _NOT_THE_PROJECT or (folder / "pyvenv.cfg").exists():
            continue
        if (folder / MANAGE).is_file():
            yield folder
        elif depth > 1:
            yield from folders_with_manage(folder, depth - 1)
